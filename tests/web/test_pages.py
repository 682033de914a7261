"""The web page as a client without scripts sees it."""

from __future__ import annotations

import re
from typing import Final

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from grafana_sensor.web import page_files
from grafana_sensor.web.logins import COOKIE, TOKEN
from grafana_sensor.web.pages import POLICY
from tests.web.conftest import ALICE, RECORDS, Make, basic

BROWSER: Final = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"}
RANGE: Final = "from=2024-01-01&to=2024-01-02"


@pytest.fixture
def client(make: Make) -> FlaskClient:
    """A client of a server that holds the records, where registration is open."""
    client = make(open_registration=True).test_client()
    assert 201 == client.post("/api/v1/records", json=RECORDS, headers=ALICE).status_code
    return client


def token_of(answer: TestResponse) -> str:
    """The token of a page's forms."""
    found = re.search(r'name="token" value="([^"]+)"', answer.text)
    assert found is not None
    return found[1]


def sent(client: FlaskClient, form: str, **fields: str) -> TestResponse:
    """The answer to a form of the page, filled in as a browser would."""
    token = token_of(client.get("/", headers=BROWSER))
    return client.post(f"/page/{form}", data={"token": token, **fields}, headers=BROWSER)


def logged_in(client: FlaskClient) -> str:
    """Log alice in; the token of her page."""
    assert 303 == sent(client, "login", user="alice", password="secret").status_code
    return token_of(client.get("/", headers=BROWSER))


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (BROWSER["Accept"], "text/html"),
        ("*/*", "application/json"),
        ("application/json, text/plain, */*", "application/json"),
        ("text/html;q=0.5, application/json", "application/json"),
        ("text/html;q=0", "application/json"),
        (None, "application/json"),
    ],
)
def test_a_browser_gets_the_page_and_others_json(accept: str | None, kind: str, client: FlaskClient) -> None:
    """`/` is the page for who prefers HTML, JSON for all others, and says that it hangs on Accept."""
    answer = client.get("/", headers={} if accept is None else {"Accept": accept})
    assert (200, kind, "Accept") == (answer.status_code, answer.mimetype, answer.headers["Vary"])


def test_wrong_credentials_are_refused_on_the_page_too(client: FlaskClient) -> None:
    """A browser that sends wrong Basic credentials to `/` gets the 401 that Grafana's test gets."""
    assert 401 == client.get("/", headers={**BROWSER, **basic("alice", "wrong")}).status_code


def test_the_page_trusts_nobody(client: FlaskClient) -> None:
    """Logged in or not, the page forbids whatever is not its own, and holds no script and no style itself."""
    answers = [client.get("/", headers=BROWSER)]
    logged_in(client)
    answers += [client.get(f"/{query}", headers=BROWSER) for query in ("", f"?q=temperature&{RANGE}", "?q=(")]
    for answer in answers:
        headers = {"Content-Security-Policy", "Referrer-Policy", "X-Content-Type-Options", "Cache-Control"}
        given = [answer.headers[name] for name in sorted(headers)]
        assert ["no-store", POLICY, "no-referrer", "nosniff"] == given
        assert [] == re.findall(r"<script(?![^>]* src=)|<style| style=| on\w+=|javascript:", answer.text)


def test_logging_in_sets_a_cookie_that_scripts_cannot_read(client: FlaskClient) -> None:
    """The right password leads back to what was asked for, with a cookie of this site alone that scripts can't read."""
    answer = sent(client, "login", user="alice", password="secret", query="q=temperature&from=now-1h")
    assert (303, "/?q=temperature&from=now-1h") == (answer.status_code, answer.headers["Location"])
    attributes = set(answer.headers["Set-Cookie"].split("; ")[1:])
    assert {"HttpOnly", "Path=/", "SameSite=Lax", "Max-Age=604800"} <= attributes
    assert "Secure" not in attributes
    assert "greenhouse-1" in client.get("/", headers=BROWSER).text


def test_the_cookie_is_secure_over_tls(client: FlaskClient) -> None:
    """Where the request came by TLS the cookie goes no other way."""
    answer = client.get("/", headers=BROWSER, base_url="https://sensors.example")
    assert "; Secure" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize("query", ["//evil.example", "\r\nX: 1", "q=\r\nX: 1", "%zz", "a=%ff"])
def test_logging_in_leads_nowhere_else(query: str, client: FlaskClient) -> None:
    """Whatever the form says was asked for, the way leads back to the page."""
    answer = sent(client, "login", user="alice", password="secret", query=query)
    assert 303 == answer.status_code
    assert re.fullmatch(r"/(\?[\w=&%+.-]*)?", answer.headers["Location"])


@pytest.mark.parametrize(("user", "password"), [("alice", "wrong"), ("nobody", "secret"), ("", ""), ("a:b", "x")])
def test_a_wrong_password_is_told_on_the_form(user: str, password: str, client: FlaskClient) -> None:
    """A wrong user or password gives the form again, with one message for both, and no challenge of the browser's."""
    answer = sent(client, "login", user=user, password=password)
    assert (401, "text/html") == (answer.status_code, answer.mimetype)
    assert "the user or the password is wrong" in answer.text
    assert "WWW-Authenticate" not in answer.headers
    assert "Log in" in client.get("/", headers=BROWSER).text


@pytest.mark.parametrize("form", ["login", "register", "logout"])
@pytest.mark.parametrize("token", [None, "", "x" * 32])
def test_a_form_needs_its_token(form: str, token: str | None, client: FlaskClient) -> None:
    """A form without the token of the cookie, as another page could send it, does nothing."""
    logged_in(client)
    fields = {"user": "bob", "password": "secret"} | ({} if token is None else {"token": token})
    answer = client.post(f"/page/{form}", data=fields, headers=BROWSER)
    assert 403 == answer.status_code
    assert "try again" in answer.text
    assert 401 == client.get("/api/v1/sensors", headers=basic("bob", "secret")).status_code


def test_a_form_without_cookies_says_so(client: FlaskClient) -> None:
    """A browser that keeps no cookies is told what is missing."""
    token = token_of(client.get("/", headers=BROWSER))
    client.delete_cookie(COOKIE)
    answer = client.post("/page/login", data={"token": token, "user": "alice", "password": "secret"})
    assert 403 == answer.status_code
    assert "your browser keeps no cookies" in answer.text


def test_the_cookie_reads_and_the_token_writes(client: FlaskClient) -> None:
    """The page's requests read by the cookie, and change something by the cookie and the token together."""
    token = logged_in(client)
    record = {"json": {"t": 1}}
    assert 3 == len(client.get("/api/v1/sensors").get_json())
    refused = client.post("/api/v1/sensors/hall/records", **record)
    assert (403, "forbidden") == (refused.status_code, refused.get_json()["error"]["code"])
    assert 403 == client.post("/query", json={"targets": []}).status_code
    assert 201 == client.post("/api/v1/sensors/hall/records", headers={TOKEN: token}, **record).status_code
    assert 201 == client.post("/api/v1/sensors/hall/records", headers=ALICE, **record).status_code


def test_the_page_asks_as_who_is_logged_in(client: FlaskClient) -> None:
    """With the page's token the cookie counts, though the browser adds credentials of somebody else's."""
    client.post("/api/v1/users", json={"user": "bob", "password": "secret"})
    token = logged_in(client)
    seen = [client.get("/api/v1/sensors", headers=basic("bob", "secret") | more) for more in ({}, {TOKEN: token})]
    assert [0, 3] == [len(answer.get_json()) for answer in seen]


def test_a_changed_password_ends_the_login(client: FlaskClient) -> None:
    """After a change of the password the cookie opens nothing, and neither answer makes the browser ask."""
    token = logged_in(client)
    assert 200 == client.put("/api/v1/users/me", json={"password": "new"}, headers={TOKEN: token}).status_code
    client.get("/api/v1/sensors", headers=basic("alice", "new"))  # now the new one's session is cached
    page, rest = client.get("/", headers=BROWSER), client.get("/api/v1/sensors", headers={TOKEN: token})
    assert [401, 401] == [page.status_code, rest.status_code]
    assert "log in again" in page.text
    assert ["WWW-Authenticate" in answer.headers for answer in (page, rest)] == [False, False]


def test_logging_out_forgets(client: FlaskClient) -> None:
    """After logging out the page is the form again, and the routes are closed."""
    logged_in(client)
    assert 303 == sent(client, "logout").status_code
    assert [200, 401] == [client.get(path, headers=BROWSER).status_code for path in ("/", "/api/v1/sensors")]
    assert client.get_cookie(COOKIE) is not None  # of the new form


def test_registering_logs_in(client: FlaskClient) -> None:
    """Where registration is open a new user is logged in at once, and sees how to post a first record."""
    assert 303 == sent(client, "register", user="bob", password="secret").status_code
    page = client.get("/", headers=BROWSER).text
    assert "No records yet" in page
    assert "curl -u 'bob' " in page


@pytest.mark.parametrize(
    ("user", "password", "status", "message"),
    [("alice", "secret", 409, "alice"), ("a/b", "secret", 422, "no user name may"), ("bob", "", 422, "password")],
)
def test_what_can_not_be_registered_is_told(
    user: str, password: str, status: int, message: str, client: FlaskClient
) -> None:
    """A name that is taken, or a name or password that can't be one, is told on the form, which stays filled in."""
    answer = sent(client, "register", user=user, password=password)
    assert status == answer.status_code
    assert re.search(rf'role="alert">[^<]*{message}', answer.text)
    assert f'value="{user}"' in answer.text


def test_closed_registration_shows_no_form(make: Make) -> None:
    """Where registration is closed the form isn't there, and what is sent all the same is refused."""
    client = make().test_client()
    assert "/page/register" not in client.get("/", headers=BROWSER).text
    assert 403 == sent(client, "register", user="bob", password="secret").status_code


def test_a_question_is_answered_without_scripts(client: FlaskClient) -> None:
    """A question in the page's address is answered by a table on it, with a way to the next rows."""
    logged_in(client)
    page = client.get(f"/?q=temperature FROM lab.s2&{RANGE}", headers=BROWSER).text
    cells = re.findall(r'<td class="(\w+)">([^<]*)</td>', page)
    assert ("time", "2024-01-01T01:00:00Z") == cells[3]
    assert ["21", "21.25", "21.5", "21.75"] == [text for kind, text in cells if kind == "number"]


def test_a_long_answer_is_paged_without_scripts(client: FlaskClient) -> None:
    """Rows beyond the first hundred are behind a link."""
    records = [{"time": 1_704_067_200 + place, "n": place} for place in range(150)]
    client.post("/api/v1/sensors/many/records", json=records, headers=ALICE)
    logged_in(client)
    page = client.get(f"/?q=n&{RANGE}", headers=BROWSER).text
    link = re.search(r'href="(/\?cursor=[^"#]+)#query"', page)
    assert link is not None
    after = client.get(link[1].replace("&amp;", "&"), headers=BROWSER).text
    assert [100, 50] == [len(re.findall(r'<td class="time">', each)) for each in (page, after)]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        (f"?q=AVG(temperatur)&{RANGE}", "<pre>AVG(<mark>temperatur)</mark></pre><p>unknown attribute"),
        ("?q=temperature&from=yesterday&to=now", "from: &#39;yesterday&#39;"),
        ("?q=temperature&from=now&to=now-1h", "<p>"),
        ("?q=", "<p>"),
    ],
)
def test_a_wrong_question_is_told_at_its_place(query: str, told: str, client: FlaskClient) -> None:
    """What is wrong with a question stands beside it, its place marked, and the page is there all the same."""
    logged_in(client)
    answer = client.get(f"/{query}", headers=BROWSER)
    assert 200 == answer.status_code
    assert told in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_names_are_text_and_nothing_else(client: FlaskClient) -> None:
    """A sensor, an attribute and a text that look like HTML stand on the page as they are."""
    hostile = '"><script>alert(1)</script>'
    posted = client.post("/api/v1/records", json={"sensor": hostile, hostile: 1, "s": hostile}, headers=ALICE)
    assert 201 == posted.status_code
    logged_in(client)
    for path in (f"/?find={hostile}", f"/?q=s&{RANGE}", f"/?q={hostile}", "/page/tiles"):
        answer = client.get(path, headers=BROWSER)
        assert 200 == answer.status_code
        assert "<script>" not in answer.text


def test_many_sensors_are_paged_and_found(client: FlaskClient) -> None:
    """Of many sensors a page shows some, leads to the next ones, and finds by a part of the name."""
    client.post("/api/v1/records", json=[{"sensor": f"Room {n}", "t": n} for n in range(30)], headers=ALICE)
    logged_in(client)
    shown = [client.get(f"/page/tiles{query}").text for query in ("", "?page=2", "?page=9", "?find=room 2", "?page=x")]
    assert [12, 9, 0, 11, 12] == [len(re.findall('<li class="tile">', text)) for text in shown]
    assert "33 of 33 sensors, page 1 of 3" in shown[0]
    assert "11 of 33 sensors" in shown[3]


def test_a_limit_leaves_the_page_there(make: Make) -> None:
    """Where the sensors of a page go beyond a limit, that is said in their place, and the rest of the page is there."""
    client = make(max_points=2).test_client()
    for number in range(3):
        client.post(f"/api/v1/sensors/{number}/records", json={"t": number}, headers=ALICE)
    logged_in(client)
    page = client.get("/", headers=BROWSER)
    assert 200 == page.status_code
    assert "The sensors can’t be shown" in page.text
    assert 'id="ask"' in page.text
    assert "No records yet" not in page.text


def test_tiles_need_a_login(client: FlaskClient) -> None:
    """The page's sensors are nobody's who isn't logged in."""
    assert 401 == client.get("/page/tiles").status_code


def test_no_other_origin_reads_the_page(make: Make) -> None:
    """Pages of an origin that may ask the routes don't get our page, which holds the token."""
    client = make(cors_origins="https://grafana.example").test_client()
    asked = {"Origin": "https://grafana.example"}
    answers = [client.get("/", headers=asked | more) for more in ({}, BROWSER)]
    assert [True, False] == ["Access-Control-Allow-Origin" in answer.headers for answer in answers]


def test_files_are_kept_for_ever(client: FlaskClient) -> None:
    """Each file has a type, may be kept under the digest in its address, and is not sent again to who has it."""
    for name, file in page_files.known().items():
        answer = client.get(f"/page/files/{page_files.build()}/{name}")
        again = client.get(f"/page/files/{page_files.build()}/{name}", headers={"If-None-Match": f'"{file.etag}"'})
        other = client.get(f"/page/files/older/{name}")
        assert [200, 304, 200] == [each.status_code for each in (answer, again, other)]
        assert file.body == answer.data == other.data
        kept = [each.headers["Cache-Control"] for each in (answer, again, other)]
        assert [page_files.FOR_EVER, page_files.FOR_EVER, "no-cache"] == kept


@pytest.mark.parametrize("name", ["nothing.js", "%2e%2e%2fpages.py", "..%2Fhtml%2Fpage.html", "", "__init__.py"])
def test_no_other_file_is_served(name: str, client: FlaskClient) -> None:
    """Only the page's own files are served, by their names."""
    assert 404 == client.get(f"/page/files/{page_files.build()}/{name}").status_code
