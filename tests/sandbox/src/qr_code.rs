//! What a phone's camera reads from a QR code on the gateway's pages: from the modules that are drawn, with a decoder that
//! shares nothing with what drew them.

use anyhow::{Context as _, Result, ensure};

/// Pixels a module.
const SCALE: usize = 4;

/// The text of the one QR code in a page's HTML.
pub fn read(page: &str) -> Result<String> {
    let drawing = page.split("<svg").nth(1).context("there is no drawing")?;
    let attribute = |name: &str| {
        let after = drawing.split_once(&format!("{name}=\""))?.1;
        after.split('"').next()
    };
    let view = attribute("viewBox").context("the drawing has no size")?;
    let whole: usize = view.rsplit(' ').next().unwrap_or_default().parse()?;
    let mut dark = vec![false; whole * whole];
    let path = attribute(" d").context("nothing is drawn")?;
    // Each run is drawn as `M{x} {y}h{length}v1h-{length}z`.
    for run in path.split('M').skip(1) {
        let (place, rest) = run.split_once('h').context("a run without a length")?;
        let (x, y) = place.split_once(' ').context("a run without a place")?;
        let (x, y): (usize, usize) = (x.parse()?, y.parse()?);
        let length: usize = rest.split('v').next().unwrap_or_default().parse()?;
        let modules = dark.get_mut(y * whole + x..y * whole + x + length);
        modules.context("a run beyond the drawing")?.fill(true);
    }
    let side = whole * SCALE;
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(side, side, |x, y| {
        if dark[y / SCALE * whole + x / SCALE] {
            0
        } else {
            255
        }
    });
    let grids = image.detect_grids();
    ensure!(grids.len() == 1, "{} QR codes", grids.len());
    Ok(grids[0].decode()?.1)
}
