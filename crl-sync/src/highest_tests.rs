use super::*;

fn key(place: u16) -> Vec<u8> {
    place.to_be_bytes().to_vec()
}

fn number() -> HighWater {
    HighWater {
        crl_number: vec![7],
        this_update: 1_700_000_000,
        crl_sha256: [1; 32],
    }
}

fn open(folder: &Path) -> Highest {
    Highest::open(Some(folder), &Metrics::new("crl-sync")).unwrap()
}

async fn raise(highest: &Highest, place: u16) {
    let (key, series) = (key(place), ListSeries::Lists);
    highest.raise(series, (&[1], &key), number()).await;
}

/// As the next process finds them.
fn kept(folder: &Path) -> usize {
    let next = open(folder);
    let has = |place: &u16| next.or_higher(None, ListSeries::Lists, (&[1], &key(*place)));
    (0..1_000).filter(|place| has(place).is_some()).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_on_the_disk_before_its_list_is_done_with() {
    let folder = tempfile::tempdir().unwrap();
    let highest = open(folder.path());
    // One after the other: also the second, right behind the first.
    for place in 0..3 {
        raise(&highest, place).await;
        assert_eq!(kept(folder.path()), usize::from(place) + 1);
    }
    // And many at once.
    let mut all = tokio::task::JoinSet::new();
    for place in 3..1_000 {
        let highest = highest.clone();
        all.spawn(async move { raise(&highest, place).await });
    }
    all.join_all().await;
    assert_eq!(kept(folder.path()), 1_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_takes_nothing_holds_nobody_up_and_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let highest = open(folder.path());
    // A folder where the file is to be written beside.
    let beside = folder.path().join("crl-sync.high-water.new");
    std::fs::create_dir(&beside).unwrap();
    for place in 0..100 {
        raise(&highest, place).await;
    }
    assert_eq!((kept(folder.path()), highest.failures.get()), (0, 1));
    std::fs::remove_dir(&beside).unwrap();
    highest.save().await;
    assert_eq!(kept(folder.path()), 100);
    raise(&highest, 100).await;
    assert_eq!(kept(folder.path()), 101);
}
