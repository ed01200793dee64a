"""What `make run` does on a machine where something is missing."""

import pytest

from backoffice import bootstrap


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """An empty machine: a clone in a temporary folder, and no command but those a story puts into `bin`."""
    (tmp_path / "bin").mkdir()
    (tmp_path / ".venv").mkdir()
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(bootstrap, "VENV_PYTHON", tmp_path / ".venv/bin/python")
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    return tmp_path


def give_command(machine, name, script):
    """Put a shell script on the machine that notes how it was called."""
    path = machine / "bin" / name
    path.write_text(f'#!/bin/sh\necho "{name} $*" >> {machine}/calls\n{script}\n')
    path.chmod(0o755)


def calls(machine):
    path = machine / "calls"
    return path.read_text().splitlines() if path.exists() else []


def test_as_root_a_missing_package_is_installed(machine, monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 0)
    give_command(machine, "apt-get", "exit 0")

    assert bootstrap.install_debian_packages(["libpango-1.0-0"], purpose="PDF documents")

    assert calls(machine) == ["apt-get --quiet --yes install --no-install-recommends libpango-1.0-0"]


def test_a_machine_without_package_lists_fetches_them_first(machine, monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 0)
    give_command(machine, "apt-get", f'[ "$3" = update ] && touch {machine}/lists; [ -f {machine}/lists ]')

    assert bootstrap.install_debian_packages(["chromium"], purpose="Some tests")

    install = "apt-get --quiet --yes install --no-install-recommends chromium"
    assert calls(machine) == [install, "apt-get --quiet --yes update", install]


def test_without_rights_the_command_to_type_is_printed(machine, monkeypatch, capsys):
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    give_command(machine, "apt-get", "exit 0")
    give_command(machine, "sudo", "exit 1")  # asks for a password

    assert not bootstrap.install_debian_packages(["libpango-1.0-0"], purpose="PDF documents")

    assert "sudo apt-get update && sudo apt-get install --yes libpango-1.0-0" in capsys.readouterr().out
    assert calls(machine) == ["sudo -n true"]


def test_what_apt_could_not_install_is_not_tried_at_the_next_start(machine, monkeypatch, capsys):
    monkeypatch.setattr("os.geteuid", lambda: 0)
    give_command(machine, "apt-get", "echo 'no such package' >&2; exit 100")

    assert not bootstrap.install_debian_packages(["libpango-1.0-0"], purpose="PDF documents")
    tried = calls(machine)
    assert not bootstrap.install_debian_packages(["libpango-1.0-0"], purpose="PDF documents")

    assert calls(machine) == tried
    assert "no such package" in capsys.readouterr().out


def test_packages_are_installed_once_and_again_when_the_lock_changes(machine):
    (machine / ".venv/bin").mkdir()
    give_command(machine, "python", "exit 0")
    (machine / "bin/python").rename(machine / ".venv/bin/python")
    (machine / "requirements.txt").write_text("django==5.2\n")
    install = "python -m pip --disable-pip-version-check --no-input install --quiet --requirement requirements.txt"
    check = "python -m pip --disable-pip-version-check --no-input check"

    bootstrap.install_packages("requirements.txt")
    bootstrap.install_packages("requirements.txt")
    assert calls(machine) == [install, check]

    (machine / "requirements.txt").write_text("django==5.3\n")
    bootstrap.install_packages("requirements.txt")
    assert calls(machine) == [install, check, install, check]


def test_a_failed_installation_shows_what_pip_said_and_is_tried_again(machine, capsys):
    (machine / ".venv/bin").mkdir()
    give_command(machine, "python", "echo 'no space left'; exit 1")
    (machine / "bin/python").rename(machine / ".venv/bin/python")
    (machine / "requirements.txt").write_text("django==5.2\n")

    with pytest.raises(bootstrap.InstallFailed):
        bootstrap.install_packages("requirements.txt")
    with pytest.raises(bootstrap.InstallFailed):
        bootstrap.install_packages("requirements.txt")

    assert "no space left" in capsys.readouterr().out
    assert len(calls(machine)) == 2


def test_python_without_venv_names_the_package_to_install(machine, monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    give_command(machine, "sudo", "exit 1")

    with pytest.raises(bootstrap.InstallFailed, match=r"python3\.\d+-venv"):
        bootstrap.make_virtualenv()


def test_a_library_that_is_not_there_cannot_be_loaded():
    assert bootstrap.can_load("libc.so.6")
    assert not bootstrap.can_load("libnowhere.so.9")
