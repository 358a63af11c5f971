"""Plants one breach of each rule of tools/check-house in a small clean tree; each must be found."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

CHECK = Path(__file__).parent / "check-house"

CLEAN = {
    "model/README.md": "the core\n",
    "model/bio.h": "#pragma once\n#include <cstdint>\n#include <boost/intrusive/list.hpp>\n"
                   "#include <tl/expected.hpp>\nstruct Bio { int64_t offset_bytes; };\n",
    "model/bio_test.cc": '#include "model/bio.h"\n#include <gtest/gtest.h>\n',
    "classes/README.md": "the classes\n",
    "classes/nop/nop.h": '#pragma once\n#include "model/bio.h"\n',
    "viz/README.md": "pictures\n",
    "viz/dot_test.cc": '#include "classes/nop/nop.h"\n',
    "sim/README.md": "the machine\n",
    "sim/bridge.h": "#pragma once\n#include <systemc>\nvoid f(Bio&, tlm_generic_payload&);\n",
    "sim/bridge.cc": '#include "sim/bridge.h"\n',
    "scenarios/README.md": "stories\n",
    "scenarios/runtime/README.md": "what runs them\n",
    "scenarios/runtime/lua.cc": "#include <lua.hpp>\n",
}


def body(lines):
    return "  x = 1;\n" * lines


class CheckHouse(unittest.TestCase):
    def run_on(self, planted):
        with tempfile.TemporaryDirectory() as root:
            for name, text in {**CLEAN, **planted}.items():
                if text is not None:
                    path = Path(root, name)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(text, encoding="utf-8")
            ran = subprocess.run([sys.executable, CHECK, root], capture_output=True, text=True,
                                 check=False)
        self.assertEqual(ran.stderr, "")
        self.assertEqual(ran.returncode, 1 if ran.stdout else 0)
        return ran.stdout.splitlines()

    def assert_found(self, planted, *starts):
        found = self.run_on(planted)
        self.assertEqual(len(found), len(starts), found)
        for line, start in zip(found, starts):
            self.assertTrue(line.startswith(start), f"{line!r} does not start with {start!r}")

    def test_clean_tree_passes(self):
        self.assertEqual(self.run_on({}), [])

    def test_includes_against_the_direction(self):
        self.assert_found({"model/a.cc": '\n#include "classes/nop/nop.h"\n'},
                          "model/a.cc:2: model/ may not include classes/")
        self.assert_found({"viz/a.cc": '#include "classes/nop/nop.h"\n'},
                          "viz/a.cc:1: viz/ may not include classes/")
        self.assert_found({"props/README.md": "", "props/a.cc": '#include "sim/bridge.h"\n'},
                          "props/a.cc:1: props/ may not include sim/")

    def test_include_not_named_from_the_root(self):
        self.assert_found({"model/a.cc": '#include "bio.h"\n'}, 'model/a.cc:1: "bio.h" is no')
        self.assert_found({"model/a.cc": '#include "model/gone.h"\n'}, "model/a.cc:1:")

    def test_foreign_headers_outside_their_owner(self):
        self.assert_found({"classes/a.cc": "#include <systemc>\n"}, "classes/a.cc:1: <systemc>")
        self.assert_found({"classes/a.cc": "#include <tlm_utils/simple_target_socket.h>\n"},
                          "classes/a.cc:1: <tlm_utils")
        self.assert_found({"sim/a.cc": "#include <lua.hpp>\n"}, "sim/a.cc:1: <lua.hpp>")
        self.assert_found({"viz/a.cc": "#include <graphviz/gvc.h>\n"}, "viz/a.cc:1: <graphviz")

    def test_model_sees_only_standard_boost_and_expected(self):
        self.assert_found({"model/a.cc": "#include <fmt/core.h>\n"}, "model/a.cc:1: <fmt/core.h>")
        self.assert_found({"model/a.cc": "#include <chrono>\n"}, "model/a.cc:1: <chrono>")
        self.assert_found({"classes/a.cc": "#include <fstream>\n"}, "classes/a.cc:1: <fstream>")
        self.assert_found({"sim/a.cc": "#include <random>\n"}, "sim/a.cc:1: <random>")

    def test_second_bridge_between_bio_and_payload(self):
        self.assert_found({"sim/zone.cc": "Bio b;\ntlm_generic_payload p;\n"},
                          "sim/zone.*:1: sees both")
        self.assert_found({"sim/zone.h": "#pragma once\nstruct Bio;\n",
                           "sim/zone.cc": "tlm_generic_payload p;\n"}, "sim/zone.*:1: sees both")
        self.assert_found({"sim/zone.cc": "// Bio\ntlm_generic_payload p;\n"})

    def test_header_without_guard(self):
        self.assert_found({"model/a.h": "struct A;\n"}, "model/a.h:1: a header")

    def test_long_file(self):
        self.assert_found({"model/a.cc": "int a;\n" * 499})
        self.assert_found({"model/a.cc": "int a;\n" * 500}, "model/a.cc:1: 500 lines")

    def test_long_functions_of_every_form(self):
        heads = ["void f(int a) {", "A::A(int a) : a_(a), b_{a} {", "TEST(Paper, words) {",
                 "template <typename T>\nauto f(T a) -> T {", "auto f = [](int a) {",
                 "namespace n {\nstruct S {\n public:\n  int f() const noexcept {",
                 "A& A::operator=(const A& a) {", 'extern "C" int f(int a) {']
        for head in heads:
            first = head.count("\n") + 1
            start = 1 if head.startswith("template") else first
            inside = 60 - (first - start + 1) - 1
            end = "}\n" * (3 if head.startswith("namespace") else 1)
            with self.subTest(head):
                self.assert_found({"model/a.cc": f"{head}\n{body(inside)}{end}"})
                self.assert_found({"model/a.cc": f"{head}\n{body(inside + 1)}{end}"},
                                  f"model/a.cc:{start}: a function of 61 lines")

    def test_braces_that_are_no_function(self):
        text = ('const char* s = "{";\nchar c = \'{\';\n// {\n/* { */\n#define X {\n'
                'const char* r = R"x(" { )x";\nint64_t n = 1\'000\'000;\n'
                "class A : public B<sizeof(int)> {\n" + "  int a;\n" * 80 + "};\n"
                "const int t[sizeof(int)] = {\n" + "  1,\n" * 80 + "};\n"
                "namespace a::b {\n" + "int f();\n" * 80 + "}\n")
        self.assert_found({"model/a.cc": text})

    def test_readme_missing_or_too_long(self):
        self.assert_found({"viz/README.md": None}, "viz/README.md:1: missing")
        self.assert_found({"scenarios/runtime/README.md": None},
                          "scenarios/runtime/README.md:1: missing")
        self.assert_found({"viz/README.md": "line\n" * 61}, "viz/README.md:1: longer")

    def test_words_of_unfinished_work(self):
        self.assert_found({"model/a.cc": "int a;  // TODO: b\n"}, "model/a.cc:1: 'TODO'")
        self.assert_found({"Makefile": "# FIXME\n"}, "Makefile:1: 'FIXME'")
        self.assert_found({"viz/README.md": "a stub\n"}, "viz/README.md:1: 'stub'")
        self.assert_found({"model/a.cc": 'auto name = "fileXXXXXX";\n'})


if __name__ == "__main__":
    unittest.main()
