//! Statements about several rows at once. What is put into their text is numbers of parameters, and nothing else.

use std::fmt::Write as _;
use std::ops::Range;

use sqlx::query::Query;
use sqlx::{Any, AssertSqlSafe, Database};

/// A statement of this text, in which nothing but the number of its parameters varies.
pub(crate) fn statement(text: String) -> Query<'static, Any, <Any as Database>::Arguments> {
    sqlx::query(AssertSqlSafe(text))
}

/// `$2, $3, $4` for 2 to 5.
pub(crate) fn parameters(numbers: Range<usize>) -> String {
    let mut text = String::new();
    for number in numbers {
        let comma = if text.is_empty() { "" } else { ", " };
        // Writing into a text does not fail.
        let _ = write!(text, "{comma}${number}");
    }
    text
}

/// `($1, $2), ($3, $4)` for two rows of two columns.
pub(crate) fn rows(count: usize, columns: usize) -> String {
    let row = |row| {
        let first = 1 + row * columns;
        format!("({})", parameters(first..first + columns))
    };
    (0..count).map(row).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::{parameters, rows};

    #[test]
    fn parameters_are_numbered_through() {
        assert_eq!(parameters(2..5), "$2, $3, $4");
        assert_eq!(parameters(1..1), "");
        assert_eq!(rows(2, 3), "($1, $2, $3), ($4, $5, $6)");
    }
}
