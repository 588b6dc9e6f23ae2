//! What every page must be for everybody: axe-core's rules, and what axe does not look at.

use anyhow::{Context as _, Result, ensure};
use sandbox::packages::{AXE_CORE, node_packages};
use serde_json::Value;

use crate::browser::Browser;

/// WCAG 2.2 at level AA with everything before it, and what axe's authors advise beyond.
const CHECK: &str = "\
    const done = arguments[arguments.length - 1];\
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];\
    axe.run(document, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] }).then(\
      (result) => done({ passes: result.passes.length, violations: result.violations.map((violation) => ({\
        rule: violation.id, help: violation.help, where: violation.nodes.map((node) => node.html + ' ' + node.failureSummary) })) }),\
      (error) => done({ error: String(error) }));";

/// What a page looks like to who reads it with 200 % of the letters on a small phone, with a keyboard, or with ears.
const FACTS: &str = "\
    const shown = (element) => element.getClientRects().length > 0;\
    return {\
      overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,\
      language: document.documentElement.lang,\
      headings: document.querySelectorAll('h1').length,\
      positive_tabindex: document.querySelectorAll('[tabindex]:not([tabindex=\"0\"]):not([tabindex=\"-1\"])').length,\
      inline: document.querySelectorAll('[style], style, script:not([src]), [onclick], [onload]').length,\
      small: [...document.querySelectorAll('p, li, dd, dt, a, button')].filter(shown)\
        .filter((element) => parseFloat(getComputedStyle(element).fontSize) < 14).length };";

/// The checker, fetched once for as many pages as there are.
#[derive(Debug)]
pub struct Accessibility {
    source: String,
}

impl Accessibility {
    /// Fetches axe-core.
    pub fn fetch() -> Result<Self> {
        let file = node_packages(&[AXE_CORE])?.join("node_modules/axe-core/axe.min.js");
        let source = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        Ok(Self { source })
    }

    /// Checks the page that a browser shows, which should be in this language.
    pub async fn check(&self, browser: &Browser, name: &str, language: &str) -> Result<()> {
        browser.run(&self.source).await?;
        let found = browser.run_until_called(CHECK).await?;
        let violations = found["violations"].as_array();
        let violations = violations.with_context(|| format!("{name}: {found}"))?;
        ensure!(violations.is_empty(), "{name}: {violations:#?}");
        ensure!(
            found["passes"].as_u64() > Some(5),
            "{name}: axe looked at nothing: {found}"
        );
        let facts = browser.run(FACTS).await?;
        let is = |fact: &str, value: Value| {
            ensure!(facts[fact] == value, "{name}: {fact} is {}", facts[fact]);
            Ok(())
        };
        is("overflow", 0.into())?;
        is("language", language.into())?;
        is("headings", 1.into())?;
        is("positive_tabindex", 0.into())?;
        is("inline", 0.into())?;
        is("small", 0.into())
    }
}
