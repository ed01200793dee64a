"""The picture of the house: imports point downwards only, and the ground knows nobody above it."""

import ast
from pathlib import Path

import pytest
from django.conf import settings

MAY_IMPORT = {
    "backoffice": set(),
    "statuses": {"backoffice"},
    "layouts": {"backoffice"},
    "orders": {"backoffice", "statuses", "layouts"},
    "messaging": {"backoffice", "statuses", "layouts", "orders"},
    "orderpull": {"backoffice", "statuses", "orders"},
    "marketplaces": {"backoffice", "statuses", "orders"},
}
# The roof names every app, by string or in its URLs.
ROOF = {"backoffice/urls.py"}


def modules_of(app):
    for path in sorted((settings.BASE_DIR / app).rglob("*.py")):
        inside = path.relative_to(settings.BASE_DIR)
        if "tests" not in inside.parts and str(inside) not in ROOF:
            yield path


def imported_apps(path: Path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module]
        yield from (name.split(".")[0] for name in names if name.split(".")[0] in MAY_IMPORT)


@pytest.mark.parametrize("app", MAY_IMPORT)
def test_an_app_imports_only_from_below(app):
    for path in modules_of(app):
        assert set(imported_apps(path)) <= MAY_IMPORT[app] | {app}, path


def test_the_guard_sees_an_import_that_climbs(tmp_path):
    climbing = tmp_path / "climbing.py"
    climbing.write_text("def late():\n    from orders.models import Order\n")

    assert set(imported_apps(climbing)) == {"orders"}
