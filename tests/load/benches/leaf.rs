//! The steps of one certificate's validation, to be followed over time: `cargo bench -p load --bench leaf`. Criterion
//! measures one after the other; for ratios, `cargo run --release --locked -p load -- leaf` takes turns.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use load::leaf::{Leaves, Step};

fn leaf(criterion: &mut Criterion) {
    let leaves = Leaves::mint().expect("the sandbox mints what the core accepts");
    let mut group = criterion.benchmark_group("leaf");
    for step in Step::ALL {
        let mut number = 0_usize;
        group.bench_function(format!("{step:?}"), |bencher| {
            bencher.iter(|| {
                number = number.wrapping_add(1);
                leaves.step(black_box(step), black_box(number))
            });
        });
    }
    group.finish();
}

criterion_group!(benches, leaf);
criterion_main!(benches);
