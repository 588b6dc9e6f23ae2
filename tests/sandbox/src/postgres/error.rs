//! Why there is no server.

/// Why there is no server.
#[derive(Debug)]
pub enum PostgresError {
    /// The programs are not installed.
    NotInstalled,
    /// We are root, PostgreSQL refuses to be, and there is no user for it.
    NoUser,
    /// A program failed; what it said.
    Failed {
        /// The program.
        program: &'static str,
        /// Its words.
        said: String,
    },
    /// The computer would not do it.
    Io(std::io::Error),
}

impl std::fmt::Display for PostgresError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotInstalled => {
                f.write_str("PostgreSQL is not installed; install the Debian package postgresql")
            }
            Self::NoUser => f.write_str(
                "PostgreSQL does not run as root and there is no user \"postgres\"; install the Debian package postgresql",
            ),
            Self::Failed { program, said } => write!(f, "{program} failed: {said}"),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for PostgresError {}

impl From<std::io::Error> for PostgresError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}
