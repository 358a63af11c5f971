"""Plants dead links in a small tree; tools/check-links must find them and nothing else."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

CHECK = Path(__file__).parent / "check-links"

GUIDE = """# The guide
## How it works: `taste`, then open
"""


class CheckLinks(unittest.TestCase):
    def run_on(self, page):
        with tempfile.TemporaryDirectory() as root:
            Path(root, "docs").mkdir()
            Path(root, "docs/guide.md").write_text(GUIDE, encoding="utf-8")
            Path(root, "README.md").write_text(page, encoding="utf-8")
            ran = subprocess.run([sys.executable, CHECK, root], capture_output=True, text=True,
                                 check=False)
        self.assertEqual(ran.stderr, "")
        self.assertEqual(ran.returncode, 1 if ran.stdout else 0)
        return ran.stdout.splitlines()

    def test_live_links_pass(self):
        self.assertEqual(self.run_on(
            "# Top\n[a](docs/guide.md) [b](docs) [c](#top) ![d](docs/guide.md)\n"
            "[e](docs/guide.md#how-it-works-taste-then-open) [f](https://example.org/x)\n"
            "`[g](gone.md)`\n```\n[h](gone.md)\n```\n"), [])

    def test_dead_links_are_found(self):
        for link in ("[a](gone.md)", "![a](docs/gone.svg)", '<img src="gone.svg">',
                     "[a](../outside.md)"):
            self.assertEqual(len(self.run_on(f"x\n{link}\n")), 1, link)
        self.assertEqual(self.run_on("\n[a](docs/gone.md)\n"),
                         ["README.md:2: docs/gone.md: there is no such file"])

    def test_dead_headings_are_found(self):
        self.assertEqual(self.run_on("[a](docs/guide.md#gone)\n"),
                         ["README.md:1: docs/guide.md#gone: there is no such heading"])


if __name__ == "__main__":
    unittest.main()
