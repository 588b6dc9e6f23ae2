//! A QR code (ISO/IEC 18004) as an SVG drawing: no script, no image to be fetched, no style of its own.

use std::fmt::Write as _;

use qrcodegen::{QrCode, QrCodeEcc};

/// The light border that readers need, in modules.
const QUIET_ZONE: i32 = 4;

/// The drawing of this text; `label` is what a screen reader says. `None` if the text is too long for any QR code.
pub(crate) fn svg(text: &str, label: &str) -> Option<String> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let size = code.size();
    let whole = size + 2 * QUIET_ZONE;
    let mut path = String::new();
    for y in 0..size {
        let mut x = 0;
        while x < size {
            let start = x;
            while x < size && code.get_module(x, y) {
                x += 1;
            }
            if x > start {
                let (left, top, length) = (start + QUIET_ZONE, y + QUIET_ZONE, x - start);
                // Writing to a String cannot fail.
                let _ = write!(path, "M{left} {top}h{length}v1h-{length}z");
            } else {
                x += 1;
            }
        }
    }
    let label = escaped(label);
    Some(format!(
        "<svg class=\"qr\" role=\"img\" aria-label=\"{label}\" viewBox=\"0 0 {whole} {whole}\" \
         shape-rendering=\"crispEdges\"><rect width=\"{whole}\" height=\"{whole}\" fill=\"#ffffff\"/>\
         <path fill=\"#000000\" d=\"{path}\"/></svg>"
    ))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drawing_has_the_modules_of_the_code_and_nothing_that_runs() {
        let drawing = svg("https://reader.example.jp/open?interaction=x", "a <code>").unwrap();
        assert!(drawing.contains("aria-label=\"a &lt;code&gt;\""));
        assert!(
            !drawing.contains("style") && !drawing.contains("script") && !drawing.contains("href")
        );
        // A finder pattern begins at the upper left: seven dark modules in a row.
        assert!(drawing.contains("d=\"M4 4h7v1h-7z"), "{drawing:.300}");
    }

    #[test]
    fn a_text_that_fits_in_no_code_gives_none() {
        assert!(svg(&"x".repeat(5_000), "").is_none());
    }
}
