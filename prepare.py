"""Make `.venv` and keep it at the lock file: `python3 prepare.py demo|test`.

Needs Python 3.11 or newer and nothing else. Does nothing, quickly, when the environment is current.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
LOCKS = {"demo": ROOT / "requirements.lock", "test": ROOT / "requirements-test.lock"}
PYTHONS = ("python3.13", "python3.12", "python3.11", "python3.14")
PYTHON_MIN = (3, 11)


def main(purpose: str) -> None:
    """Prepare the environment for `demo` or for `test`."""
    if sys.version_info < PYTHON_MIN:
        run_with_newer_python(purpose)
    with (ROOT / ".prepare.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two `make`s at once
        if not is_current(purpose):
            make_environment(LOCKS[purpose])
            stamp(purpose).write_text(fingerprint(LOCKS[purpose]))
        if purpose == "test":
            ensure_chromium()


def run_with_newer_python(purpose: str) -> None:
    """Become the same program in a newer Python, if the machine has one."""
    for name in PYTHONS:
        found = shutil.which(name)
        if found:
            os.execv(found, [found, __file__, purpose])
    have = ".".join(map(str, sys.version_info[:2]))
    sys.exit(
        "Hansa needs Python 3.11 or newer; this is "
        + have
        + ". Try: make PYTHON=/path/to/python3.11"
    )


def fingerprint(lock: Path) -> str:
    """What an environment made from this lock file by this Python is known by."""
    digest = hashlib.sha256(lock.read_bytes())
    digest.update(f"{sys.version} {sys.base_prefix} {ROOT}".encode())
    return digest.hexdigest()


def stamp(purpose: str) -> Path:
    """Where the fingerprint of the last good installation is kept."""
    return VENV / f"prepared-{purpose}"


def is_current(purpose: str) -> bool:
    """Whether nothing has to be done. What serves the tests serves the demo."""
    for covering in {purpose, "test"}:
        try:
            if stamp(covering).read_text() == fingerprint(LOCKS[covering]):
                return True
        except OSError:
            continue
    return False


def make_environment(lock: Path) -> None:
    """Create `.venv` if it is not there and install exactly what the lock file names."""
    python = VENV / "bin" / "python"
    for old in VENV.glob("prepared-*"):
        old.unlink()
    if not works(python):
        shutil.rmtree(VENV, ignore_errors=True)
        say("creating .venv")
        create_venv()
    say(f"installing {lock.name}; this takes a minute the first time")
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    install = [
        *pip,
        "install",
        "--quiet",
        "--require-hashes",
        "--only-binary",
        ":all:",
        "-r",
        str(lock),
    ]
    subprocess.run(install, check=True)
    packages = subprocess.run(
        [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    # The sources are run from where they are: no build, nothing to install again after a change.
    (Path(packages) / "hansa.pth").write_text(f"{ROOT / 'src'}\n")
    command = VENV / "bin" / "hansa"
    command.write_text(
        f'#!{python}\nfrom hansa.cli import main\n\nif __name__ == "__main__":\n    main()\n'
    )
    command.chmod(0o755)


def works(python: Path) -> bool:
    """Whether the environment's Python runs, has pip, and is of the version of this one."""
    script = "import pip, sys; print(sys.version)"
    try:
        done = subprocess.run(
            [str(python), "-c", script], capture_output=True, text=True, check=False
        )
    except OSError:
        return False
    return done.returncode == 0 and done.stdout.strip() == sys.version.strip()


def create_venv() -> None:
    """Create `.venv`; Debian keeps a part of Python that this needs in a package of its own."""
    command = [sys.executable, "-m", "venv", str(VENV)]
    if subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode == 0:
        return
    shutil.rmtree(VENV, ignore_errors=True)
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    if can_install():
        say(f"installing {package}")
        if apt_install(package) and subprocess.run(command, check=False).returncode == 0:
            return
    sys.exit(f"prepare: this Python cannot make virtual environments; install {package}")


def ensure_chromium() -> None:
    """Find or install a browser for the tests.

    Its absence is allowed only when named in ALLOW_MISSING.
    """
    python = str(VENV / "bin" / "python")
    find = [python, "-m", "tests.support.chromium"]
    if subprocess.run(find, cwd=ROOT, check=False, stdout=subprocess.DEVNULL).returncode == 0:
        return
    if "chromium" in os.environ.get("ALLOW_MISSING", "").split(","):
        say("no Chromium; its tests are left out, as ALLOW_MISSING says")
        return
    say("installing Chromium for the browser tests")
    if not (can_install() and apt_install("chromium", "fonts-dejavu-core")):
        subprocess.run([python, "-m", "playwright", "install", "chromium"], check=False)
    if subprocess.run(find, cwd=ROOT, check=False).returncode != 0:
        sys.exit(
            "prepare: Chromium could not be installed. Install it, or leave its tests out with "
            "ALLOW_MISSING=chromium"
        )


def can_install() -> bool:
    """Whether this user may install packages of a Debian system."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def apt_install(*packages: str) -> bool:
    """Install Debian packages; answer whether it worked."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120"]
    install = [*apt, "install", "-y", "--no-install-recommends", *packages]
    steps = (install,) if shutil.which(packages[0]) else ([*apt, "update"], install)
    return all(
        subprocess.run(step, env=environment, check=False, stdout=subprocess.DEVNULL).returncode
        == 0
        for step in steps
    )


def say(what: str) -> None:
    """Tell the person who waits what is being done."""
    sys.stderr.write(f"prepare: {what}\n")


if __name__ == "__main__":
    if sys.argv[1:2] == [] or sys.argv[1] not in LOCKS:
        sys.exit("usage: python3 prepare.py demo|test")
    main(sys.argv[1])
