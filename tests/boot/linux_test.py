# tests/boot/linux_test.py - programs with a C library print the same as on the host
import os
import subprocess

from tests.boot import harness

# Words of the test's environment that name a program.
LINKED = "LAMINA_HELLO_STD"
FOREIGN = "LAMINA_FOREIGN_DEMO"


def on_host(variable, *arguments):
    """(what the program writes, its exit status) when this machine runs it."""
    done = subprocess.run([os.environ[variable], *arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False, timeout=harness.LIMIT_S)
    return done.stdout.decode(), done.returncode


class LinuxTest(harness.BootTest):
    def expect_alike(self, variable, app, *arguments, **settings):
        """The guest's run of the same file writes the same bytes and ends alike."""
        out, status = on_host(variable, *arguments)
        self.assertIn("hello from", out)
        guest, end, _ = self.run_script(" ".join(["run", app, *arguments]), **settings)
        self.assertEqual((guest, end.status), (out, status))

    def test_linked(self):
        """A C++ program linked with the libOS: containers, exceptions, file systems, clocks."""
        self.expect_alike(LINKED, "hello_std")
        self.expect_alike(LINKED, "hello_std", "some", "arguments")

    def test_foreign(self):
        """A C program that knows nothing of Lamina: heap, mappings, errors, exit status."""
        self.expect_alike(FOREIGN, "foreign_demo")
        self.expect_alike(FOREIGN, "foreign_demo", "some", "arguments")

    def test_from_grub(self):
        """The same from an ISO."""
        for firmware in ("bios", "uefi"):
            self.expect_alike(LINKED, "hello_std", firmware=firmware)
            self.expect_alike(FOREIGN, "foreign_demo", firmware=firmware)

    def test_processors(self):
        """The same on 2, 4 and 8 processors."""
        for cpus in (2, 4, 8):
            self.expect_alike(LINKED, "hello_std", cpus=cpus)
            self.expect_alike(FOREIGN, "foreign_demo", cpus=cpus)

    def test_unserved_calls_are_counted(self):
        """With LAMINA_ENOSYS the calls that got ENOSYS are told by name; without it none is."""
        out, _, _ = self.run_script("run hello_std", words=("LAMINA_ENOSYS",))
        self.assertRegex(out, r"(?m)^libos: not served: rseq [1-9][0-9]*$")
        out, _, _ = self.run_script("run hello_std")
        self.assertNotIn("not served", out)

    def test_the_library_alone(self):
        """The image for foreign programs has no program of its own, and says so."""
        out, end, _ = self.run_script("run linux")
        self.assertRegex(out, r"\Alibos: linux: [^\n]* no program of its own\n\Z")
        self.assertEqual(end.status, 122)


if __name__ == "__main__":
    harness.main()
