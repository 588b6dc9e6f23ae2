//! CPU time, from the scheduler's own count in nanoseconds (`/proc/<process>/task/<thread>/schedstat`); the ticks of
//! `/proc/<process>/stat` are 10 ms each.

use std::collections::HashMap;
use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};

/// The CPU time that each thread of a process had used at one moment.
#[derive(Clone, Debug, Default)]
pub struct CpuTime(HashMap<String, u64>);

impl CpuTime {
    /// Reads it.
    ///
    /// # Errors
    /// When there is no such process, or the kernel keeps no such count.
    pub fn of_process(process: u32) -> Result<Self> {
        let tasks = format!("/proc/{process}/task");
        let mut threads = HashMap::new();
        for task in fs::read_dir(&tasks).with_context(|| tasks.clone())? {
            let thread = task?;
            // A thread may end between the two reads.
            if let Ok(text) = fs::read_to_string(thread.path().join("schedstat")) {
                let name = thread.file_name().to_string_lossy().into_owned();
                threads.insert(name, nanoseconds(&text)?);
            }
        }
        Ok(Self(threads))
    }

    /// The time used since an earlier moment. A thread that has ended since then is not counted: only idle ones of
    /// the background runtime end, after ten seconds without work.
    pub fn since(&self, earlier: &Self) -> Duration {
        let used = |(thread, now): (&String, &u64)| {
            now.saturating_sub(earlier.0.get(thread).copied().unwrap_or(0))
        };
        Duration::from_nanos(self.0.iter().map(used).sum())
    }
}

/// The CPU time that the calling thread has used.
///
/// # Errors
/// When the kernel keeps no such count.
pub fn of_this_thread() -> Result<Duration> {
    let path = "/proc/thread-self/schedstat";
    let text = fs::read_to_string(path).context(path)?;
    Ok(Duration::from_nanos(nanoseconds(&text)?))
}

fn nanoseconds(schedstat: &str) -> Result<u64> {
    let first = schedstat.split_whitespace().next();
    first
        .and_then(|number| number.parse().ok())
        .with_context(|| format!("{schedstat:?} is no schedstat line"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_takes_cpu_time_and_sleep_takes_none() {
        let spent = |work: &dyn Fn()| {
            let before = CpuTime::of_process(std::process::id()).unwrap();
            let own = of_this_thread().unwrap();
            work();
            let process = CpuTime::of_process(std::process::id())
                .unwrap()
                .since(&before);
            (process, of_this_thread().unwrap().saturating_sub(own))
        };
        let (_, asleep) = spent(&|| std::thread::sleep(Duration::from_millis(50)));
        assert!(asleep < Duration::from_millis(20), "{asleep:?}");
        let (process, own) = spent(&|| {
            let began = of_this_thread().unwrap();
            while of_this_thread().unwrap().saturating_sub(began) < Duration::from_millis(50) {
                std::hint::spin_loop();
            }
        });
        assert!(own >= Duration::from_millis(50), "{own:?}");
        assert!(process > Duration::from_millis(25), "{process:?}");
    }

    #[test]
    fn a_line_without_a_number_is_refused() {
        assert_eq!(nanoseconds("12 3 4\n").unwrap(), 12);
        assert!(nanoseconds("").is_err());
        assert!(nanoseconds("x 3 4").is_err());
    }
}
