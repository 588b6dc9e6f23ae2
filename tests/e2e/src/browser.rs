//! A real browser: headless Chromium from Debian's package, driven through its own WebDriver server.

mod whole_page;

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use fantoccini::error::CmdError;
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::json;

/// Longest wait for a page element: the slowest step is a sign-in's round trip through all services, on a machine that
/// runs other browsers beside it.
const ELEMENT_TIMEOUT: Duration = Duration::from_mins(1);

/// How often an element is looked up again because its page went away between finding and using it.
const LOOKUPS: usize = 20;

/// The size of the window that pages are shown in.
#[derive(Clone, Copy, Debug)]
pub enum Screen {
    /// 1280 x 900.
    Desktop,
    /// 390 x 844, a current phone.
    Phone,
    /// 360 x 640, the smallest that is still about.
    SmallPhone,
}

/// How a person's browser is set up.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// The size of its window.
    pub screen: Screen,
    /// The languages that it asks for, such as `ja`.
    pub language: &'static str,
    /// Whether it runs JavaScript.
    pub scripts: bool,
}

impl Manner {
    /// English, with JavaScript.
    pub fn of(screen: Screen) -> Self {
        Self {
            screen,
            language: "en",
            scripts: true,
        }
    }

    /// The same in another language.
    #[must_use]
    pub fn in_language(self, language: &'static str) -> Self {
        Self { language, ..self }
    }

    /// The same without JavaScript.
    #[must_use]
    pub fn without_scripts(self) -> Self {
        Self {
            scripts: false,
            ..self
        }
    }
}

/// One browser with an empty profile; closed, with its driver, when dropped.
pub struct Browser {
    client: Client,
    screenshots: PathBuf,
    // Fields drop in this order: the driver ends before its profile folder goes.
    _driver: Driver,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts a driver on a free port and a browser in it. Screenshots go to `screenshots`.
    pub async fn start(screen: Screen, screenshots: &Path) -> Result<Self> {
        Self::start_with(Manner::of(screen), screenshots).await
    }

    /// The same in another language, or without JavaScript.
    pub async fn start_with(manner: Manner, screenshots: &Path) -> Result<Self> {
        let port = free_port()?;
        let driver = Driver::start(port)?;
        let profile = tempfile::tempdir()?;
        let (width, height) = match manner.screen {
            Screen::Desktop => (1280, 900),
            Screen::Phone => (390, 844),
            Screen::SmallPhone => (360, 640),
        };
        let mut options = json!({
            "binary": "/usr/bin/chromium",
            "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--disable-dev-shm-usage", "--hide-scrollbars",
                format!("--window-size={width},{height}"),
                format!("--user-data-dir={}", profile.path().display()),
            ],
            "prefs": {
                "intl.accept_languages": manner.language,
                "profile.managed_default_content_settings.javascript": if manner.scripts { 1 } else { 2 },
            },
        });
        if !matches!(manner.screen, Screen::Desktop) {
            // A window cannot be made this narrow; a phone's screen can.
            options["mobileEmulation"] = json!({
                "deviceMetrics": { "width": width, "height": height, "pixelRatio": 2.0, "touch": true },
            });
        }
        let mut capabilities = serde_json::Map::new();
        capabilities.insert("goog:chromeOptions".to_owned(), options);
        let client = connect(port, &capabilities).await?;
        std::fs::create_dir_all(screenshots)?;
        Ok(Self {
            client,
            screenshots: screenshots.to_owned(),
            _driver: driver,
            _profile: profile,
        })
    }

    /// Opens a page.
    pub async fn open(&self, url: &str) -> Result<()> {
        self.client
            .goto(url)
            .await
            .with_context(|| format!("opening {url}"))
    }

    /// The address shown in the address bar.
    pub async fn address(&self) -> Result<String> {
        Ok(self.client.current_url().await?.to_string())
    }

    /// All text on the page as a person sees it.
    pub async fn text(&self) -> Result<String> {
        self.text_of("body").await
    }

    /// Clicks the element at `css` once it is there.
    pub async fn click(&self, css: &str) -> Result<()> {
        self.on_element(css, async |element| element.click().await)
            .await
            .with_context(|| format!("clicking {css}"))
    }

    /// Types into the field at `css`.
    pub async fn fill(&self, css: &str, value: &str) -> Result<()> {
        self.on_element(css, async |field| {
            field.clear().await?;
            field.send_keys(value).await
        })
        .await
        .with_context(|| format!("typing into {css}"))
    }

    /// The text of the element at `css`.
    pub async fn text_of(&self, css: &str) -> Result<String> {
        self.on_element(css, async |element| element.text().await)
            .await
            .with_context(|| format!("reading {css}"))
    }

    /// Waits until an element matches `css`, on a page that may load itself again at any moment.
    pub async fn wait_for(&self, css: &str) -> Result<()> {
        self.element(css).await.map(drop)
    }

    /// Whether an element matches `css` now.
    pub async fn has(&self, css: &str) -> Result<bool> {
        Ok(!self.client.find_all(Locator::Css(css)).await?.is_empty())
    }

    /// Saves what is on the screen as `<name>.png`.
    pub async fn screenshot(&self, name: &str) -> Result<()> {
        let png = self.client.screenshot().await?;
        std::fs::write(self.screenshots.join(format!("{name}.png")), png)?;
        Ok(())
    }

    /// The page's HTML as it is now.
    pub async fn html(&self) -> Result<String> {
        Ok(self.client.source().await?)
    }

    /// Runs a script of the test's own in the page, whatever the page's policy; what it returns.
    pub async fn run(&self, script: &str) -> Result<serde_json::Value> {
        Ok(self.client.execute(script, Vec::new()).await?)
    }

    /// Runs a script that ends by calling its last argument; what it is called with.
    pub async fn run_until_called(&self, script: &str) -> Result<serde_json::Value> {
        Ok(self.client.execute_async(script, Vec::new()).await?)
    }

    /// Forgets every cookie of every site.
    pub async fn forget_cookies(&self) -> Result<()> {
        Ok(self.client.delete_all_cookies().await?)
    }

    /// Ends the session in good order.
    pub async fn close(self) -> Result<()> {
        Ok(self.client.clone().close().await?)
    }

    /// Does something with the element at `css`. A page may be replaced by the next one while it is looked at: what was
    /// found on the old one is then looked up again.
    async fn on_element<T>(
        &self,
        css: &str,
        step: impl AsyncFn(fantoccini::elements::Element) -> Result<T, CmdError>,
    ) -> Result<T> {
        for _ in 1..LOOKUPS {
            match step(self.element(css).await?).await {
                Err(error) if error.is_stale_element_reference() => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                outcome => return Ok(outcome?),
            }
        }
        Ok(step(self.element(css).await?).await?)
    }

    async fn element(&self, css: &str) -> Result<fantoccini::elements::Element> {
        let wait = self
            .client
            .wait()
            .at_most(ELEMENT_TIMEOUT)
            .for_element(Locator::Css(css))
            .await;
        if let Ok(element) = wait {
            return Ok(element);
        }
        let _ = self.screenshot("missing-element").await;
        // What there is is told without waiting for anything once more.
        let body = self.client.find(Locator::Css("body")).await?;
        bail!(
            "no element {css} on {}:\n{}",
            self.address().await?,
            body.text().await?
        )
    }
}

async fn connect(
    port: u16,
    capabilities: &serde_json::Map<String, serde_json::Value>,
) -> Result<Client> {
    let address = format!("http://127.0.0.1:{port}");
    let mut last = None;
    for _ in 0..100 {
        match ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(capabilities.clone())
            .connect(&address)
            .await
        {
            Ok(client) => return Ok(client),
            Err(error) => last = Some(error),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    bail!("chromedriver did not open a session: {last:?}")
}

/// A free port on loopback. Another process may take it between here and its use; callers that can bind port 0
/// themselves should.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

struct Driver(Child);

impl Driver {
    fn start(port: u16) -> Result<Self> {
        let child = Command::new("/usr/bin/chromedriver")
            .arg(format!("--port={port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("starting /usr/bin/chromedriver (Debian package chromium-driver)")?;
        Ok(Self(child))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
