#!/usr/bin/env python3
"""Makes the pictures of docs/plans.md from real plans on the local cloud.

    pip install markdown-it-py pillow
    docs/pictures/make.py [STACKCTL]

Needs chromium. The local cloud is made for it in a folder of its own and taken away again. What Markdown looks like is GitHub's
business: here it is drawn by markdown-it with a style that is close to it.
"""

import html
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from markdown_it import MarkdownIt
from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent
STACKCTL = sys.argv[1] if len(sys.argv) > 1 else "stackctl"

STYLE = """
body { margin: 0; padding: 24px; background: #fff; color: #1f2328; font: 14px/1.5 system-ui, sans-serif; width: 832px; }
h3 { font-size: 1.2em; margin: 0 0 12px; } p { margin: 0 0 12px; } ul { margin: 0 0 12px; padding-left: 2em; }
code { background: #eff1f3; padding: .15em .4em; border-radius: 6px; font: 85% ui-monospace, "DejaVu Sans Mono", monospace; }
pre { background: #f6f8fa; padding: 12px; border-radius: 6px; overflow: hidden; margin: 0 0 12px; } pre code { background: none; padding: 0; white-space: pre; }
details { margin: 0 0 8px; } blockquote { margin: 0 0 12px; padding: 2px 14px; border-left: 4px solid #cf222e; }
blockquote > *:last-child { margin-bottom: 4px; } .title { color: #cf222e; font-weight: 600; margin-bottom: 6px; }
.minus { background: #ffebe9; display: inline-block; width: 100%; } .plus { background: #dafbe1; display: inline-block; width: 100%; }
"""


def run(folder, *words, code=0):
    place = [] if words[0] == "local" else ["--target", "local"]
    done = subprocess.run([STACKCTL, *words, *place], cwd=folder, capture_output=True, text=True)
    if done.returncode != code:
        sys.exit(f"stackctl {' '.join(words)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def drawn(markdown):
    """Markdown as GitHub shows it, nearly."""
    page = MarkdownIt("gfm-like", {"linkify": False, "html": True}).render(markdown)
    page = re.sub(r"<p>\[!(CAUTION|WARNING)\]\s*", lambda found: f'<p class="title">{found[1].title()}</p><p>', page)

    def lines(found):
        out = []
        for line in found[1].split("\n"):
            sort = {"-": "minus", "+": "plus"}.get(line[:1])
            out.append(f'<span class="{sort}">{line}</span>' if sort else line)
        return "<pre><code>" + "\n".join(out) + "</code></pre>"

    page = re.sub(r'<pre><code class="language-diff">(.*?)</code></pre>', lines, page, flags=re.S)
    # The first fold is opened, to be looked into.
    page = page.replace("<details>", "<details open>", 1)
    return f"<!doctype html><meta charset=utf-8><style>{html.escape(STYLE, quote=False)}</style>{page}"


def picture(page, name, width, height, dark=False):
    out = HERE / f"{name}.png"
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "page.html"
        file.write_text(page)
        dark = ["--blink-settings=preferredColorScheme=0"] if dark else ["--blink-settings=preferredColorScheme=1"]
        subprocess.run(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={folder}/profile",
             f"--window-size={width},{height}", f"--screenshot={out}", *dark, file.as_uri()],
            check=True, capture_output=True)
    # A few colours are enough for text, and a fraction of the bytes.
    with Image.open(out) as image:
        image.convert("RGB").quantize(48).save(out, optimize=True)


def both(folder, name, height, *words):
    for format, width in [("markdown", 880), ("html", 1120)]:
        page = run(folder, "plan", "--format", format, *words)
        picture(drawn(page) if format == "markdown" else page, f"{name}-{format}", width, height[format])
        if name == "widened" and format == "html":
            picture(page, f"{name}-dark", width, height[format], dark=True)
            picture(page, f"{name}-phone", 400, 900)


def main():
    folder = pathlib.Path(tempfile.mkdtemp())
    stack = (HERE / "shop.toml").read_text()
    (folder / "stack.toml").write_text(stack)
    try:
        run(folder, "local", "up")
        both(folder, "first", {"markdown": 820, "html": 1250})
        run(folder, "apply", "--auto-approve")
        wider = stack.replace('Principal = { AWS = "${iam_role.web.arn}" }', 'Principal = "*"')
        wider = wider.replace("[bucket.pictures]\n", "[bucket.pictures]\nblock_public_access = false\n")
        wider = wider.replace('Action = "sqs:SendMessage"', 'Action = "sqs:*"')
        (folder / "stack.toml").write_text(wider)
        both(folder, "widened", {"markdown": 540, "html": 1130})
        other = stack.replace('database_name = "orders"', 'database_name = "shop_orders"')
        other = re.sub(r"\[alarm\.stuck\].*?\n\n", "", other, flags=re.S)
        (folder / "stack.toml").write_text(other)
        both(folder, "replaced", {"markdown": 360, "html": 1090})
    finally:
        subprocess.run([STACKCTL, "local", "down", "--purge"], cwd=folder, capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
