//! Structured logs on standard error. Nothing personal may be logged: no certificate, serial, name,
//! address, birth date, token or PIN.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{ConfigError, LogFormat, ObservabilityConfig};

/// Starts logging for the whole process. A second call changes nothing, so that every role may call
/// it in one process.
///
/// # Errors
/// When the directives of `log` cannot be read.
pub fn init(config: &ObservabilityConfig) -> Result<(), ConfigError> {
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter(&config.log)?)
        .with_writer(std::io::stderr);
    let started = match config.log_format {
        LogFormat::Json => builder.json().flatten_event(true).finish().try_init(),
        LogFormat::Text => builder.with_ansi(false).finish().try_init(),
    };
    if started.is_err() {
        tracing::debug!("logging was already started");
    }
    Ok(())
}

/// The filter of a text such as `info,store=debug`.
pub(crate) fn filter(directives: &str) -> Result<EnvFilter, ConfigError> {
    EnvFilter::builder()
        .parse(directives)
        .map_err(|error| ConfigError::invalid("observability.log", error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::filter;

    #[test]
    fn directives_are_read() {
        assert!(filter("info,store=debug").is_ok());
    }

    #[test]
    fn a_level_that_does_not_exist_is_refused() {
        assert!(filter("info,store=loud").is_err());
    }
}
