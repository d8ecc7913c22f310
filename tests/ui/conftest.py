"""One running app and one browser for all tests of the page and its endpoints."""

import time

import pytest
from browser import open_browser
from gradio_client import Client
from running_app import Visit, running_app


@pytest.fixture(scope="session")
def app(tmp_path_factory):
    with running_app(tmp_path_factory.mktemp("app")) as running:
        yield running


@pytest.fixture(scope="session")
def client(app):
    """The app's endpoints."""
    return Client(app.url, verbose=False)


@pytest.fixture(scope="session")
def browser():
    with open_browser() as opened:
        yield opened


@pytest.fixture
def visit(app, browser):
    """Opens pages. In the end none of them may have asked another server, logged an error or run what was text."""
    visits = []

    def visit_it(**options):
        visits.append(Visit(app, browser, **options))
        return visits[-1]

    yield visit_it
    for each in visits:
        each.close()


@pytest.fixture(autouse=True)
def all_free_in_the_end(request):
    """Whatever a test of the running app did, no model stays in use."""
    yield
    if "app" in request.fixturenames:
        request.getfixturevalue("app").until_free(time.monotonic(), 10)
