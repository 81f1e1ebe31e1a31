//! The report in a real browser: headless Chromium, on a desk and on a phone, light and dark.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::server::World;

/// Measured in the page itself. Text must not stick out of its chart, nor the page out of its window.
const MEASURE: &str = r#"
<script>
addEventListener('load', () => {
  const out = [];
  const inside = (inner, outer) => inner.left >= outer.left - 2 && inner.right <= outer.right + 2
    && inner.top >= outer.top - 2 && inner.bottom <= outer.bottom + 2;
  for (const svg of document.querySelectorAll('figure svg'))
    for (const text of svg.querySelectorAll('text'))
      if (!inside(text.getBoundingClientRect(), svg.getBoundingClientRect())) out.push(text.textContent);
  const luminance = (colour) => {
    const [r, g, b] = colour.match(/[\d.]+/g).slice(0, 3).map((c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => { const [x, y] = [luminance(a), luminance(b)].sort((x, y) => y - x); return (x + 0.05) / (y + 0.05); };
  const style = (selector) => getComputedStyle(document.querySelector(selector));
  const measured = document.createElement('pre');
  measured.id = 'measured';
  measured.textContent = JSON.stringify({
    width: innerWidth,
    scroll: document.documentElement.scrollWidth,
    charts: document.querySelectorAll('figure svg').length,
    curves: [...document.querySelectorAll('figure polyline')].filter((line) => /model|first|second/.test(line.getAttribute('stroke')) && line.points.length > 2 && line.getTotalLength() > 200).length,
    bars: [...document.querySelectorAll('figure rect')].filter((bar) => bar.getBoundingClientRect().height > 1).length,
    small: [...document.querySelectorAll('figure svg text')].filter((text) => text.getBoundingClientRect().height < 8).length,
    columns: style('.pair').gridTemplateColumns.split(' ').length,
    contrast: Math.min(contrast(style('body').color, style('body').backgroundColor), contrast(style('.about').color, style('body').backgroundColor),
      contrast(style('svg text').fill, style('figure').backgroundColor)),
    paper: luminance(style('body').backgroundColor),
    out,
  });
  document.body.append(measured);
});
</script>
"#;

/// Chromium, of whatever name.
fn browser() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).collect::<Vec<_>>();
    ["chromium", "chromium-browser", "google-chrome"]
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|path| path.is_file())
        .expect("Chromium is not installed, and the report is looked at in it (apt-get install chromium)")
}

/// What the page is like in a frame of a width. A window of a phone's width is too narrow for Chromium, a frame is not.
fn measure(page: &Path, width: u32, dark: bool) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let html = std::fs::read_to_string(page).unwrap().replace("</body>", &format!("{MEASURE}</body>"));
    let quoted = html.replace('&', "&amp;").replace('"', "&quot;");
    let frame = folder.path().join("frame.html");
    let wrapper = format!(
        "<!DOCTYPE html><meta charset='utf-8'><iframe style='width: {width}px; height: 900px; border: 0' srcdoc=\"{quoted}\"></iframe>
         <script>addEventListener('load', () => {{
             document.body.append(document.querySelector('iframe').contentDocument.getElementById('measured'));
         }});</script>"
    );
    std::fs::write(&frame, wrapper).unwrap();
    let output = Command::new(browser())
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-sync",
        ])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--window-size=1500,1000",
            "--dump-dom",
        ])
        // 0 is dark, 1 is light.
        .arg(format!("--blink-settings=preferredColorScheme={}", u8::from(!dark)))
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("file://{}", frame.display()))
        .output()
        .unwrap();
    let dom = String::from_utf8_lossy(&output.stdout);
    let measured = dom.split_once("<pre id=\"measured\">").and_then(|(_, rest)| rest.split_once("</pre>"));
    let (measured, _) = measured.unwrap_or_else(|| {
        panic!("Chromium showed nothing: {}", String::from_utf8_lossy(&output.stderr));
    });
    serde_json::from_str(&measured.replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_report_is_whole_and_legible_on_a_desk_and_on_a_phone_by_day_and_by_night() {
    let world = World::generated(6000).await;
    world.run(&["train", "--test-from", "2015-07", "--resamples", "100"]);
    let page = world.kept("reports").remove(0);

    let html = std::fs::read_to_string(&page).unwrap();
    for foreign in ["http:", "https:", "src=", "url(", "@import", "<script", "<link"] {
        assert!(!html.contains(foreign), "the report fetches something: {foreign}");
    }
    assert!(!html.contains("NaN"), "a figure is none");

    for (width, columns) in [(1280, 2), (390, 1)] {
        for dark in [false, true] {
            let measured = measure(&page, width, dark);
            let what = format!("{width} px, dark: {dark}: {measured}");
            assert_eq!(measured["width"], width, "{what}");
            assert!(measured["scroll"].as_u64().unwrap() <= u64::from(width), "it sticks out: {what}");
            assert_eq!(measured["out"], serde_json::json!([]), "text sticks out: {what}");
            assert_eq!(measured["columns"], columns, "{what}");
            assert_eq!(measured["charts"], 6, "{what}");
            // ROC and precision-recall of model and two baselines, and the calibration.
            assert_eq!(measured["curves"], 7, "{what}");
            assert!(measured["bars"].as_u64().unwrap() > 30, "{what}");
            assert_eq!(measured["small"], 0, "text is too small: {what}");
            assert!(measured["contrast"].as_f64().unwrap() >= 4.5, "{what}");
            assert_eq!(measured["paper"].as_f64().unwrap() < 0.2, dark, "{what}");
        }
    }
}
