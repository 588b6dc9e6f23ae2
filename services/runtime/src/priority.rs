//! How much of the processor a process takes where others want it too.

use std::io;

use rustix::process::{Pid, getpriority_process, setpriority_process};

/// The nicest that Linux knows.
pub const NICEST: u8 = 19;

/// Makes every thread of this process, and every one that they start, this nice: 0 as any process, [`NICEST`] least urgent.
/// A thread that is nicer already stays so; whoever started the process had a reason, and only root may undo it.
///
/// # Errors
/// When the operating system tells no threads or refuses.
pub fn be_nice(nice: u8) -> io::Result<()> {
    let nice = i32::from(nice.min(NICEST));
    // Linux keeps this for each thread, under its identifier.
    for task in std::fs::read_dir("/proc/self/task")? {
        let name = task?.file_name();
        let thread = name.to_str().and_then(|name| name.parse().ok());
        let Some(thread) = thread.and_then(Pid::from_raw) else {
            continue;
        };
        let set = || {
            if getpriority_process(Some(thread))? < nice {
                setpriority_process(Some(thread), nice)?;
            }
            Ok::<_, rustix::io::Errno>(())
        };
        match set() {
            // It ended meanwhile.
            Ok(()) | Err(rustix::io::Errno::SRCH) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn of_this_thread() -> i32 {
        let thread = std::fs::read_link("/proc/thread-self").unwrap();
        let thread = thread.file_name().unwrap().to_str().unwrap().parse();
        getpriority_process(Pid::from_raw(thread.unwrap())).unwrap()
    }

    #[test]
    fn every_thread_is_as_nice_as_wanted_and_none_is_made_less_nice() {
        let (ask, asked) = mpsc::channel::<()>();
        let (tell, told) = mpsc::channel();
        let other = std::thread::spawn(move || {
            while asked.recv().is_ok() {
                tell.send(of_this_thread()).unwrap();
            }
        });
        let of_other = || {
            ask.send(()).unwrap();
            told.recv().unwrap()
        };
        let before = of_other();
        be_nice(0).unwrap();
        assert_eq!(of_other(), before);
        be_nice(3).unwrap();
        assert_eq!(of_other(), before.max(3));
        assert_eq!(of_this_thread(), before.max(3));
        let started_later = std::thread::spawn(of_this_thread);
        assert_eq!(started_later.join().unwrap(), before.max(3));
        be_nice(1).unwrap();
        assert_eq!(of_other(), before.max(3));
        drop(ask);
        other.join().unwrap();
    }
}
