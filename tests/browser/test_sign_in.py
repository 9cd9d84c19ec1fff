"""Signing in by OpenID Connect: nobody sees a page before a provider has said who visits."""

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

import pytest

from tests.browser.conftest import a_free_port, an_app

pytest.importorskip("authlib", reason="needs Authlib: pip install -e '.[signin]'")


@contextmanager
def a_provider(port: int) -> Iterator[str]:
    """A provider of OpenID Connect on this computer, which asks for nothing but a click."""
    import uvicorn
    from joserfc import jwt
    from joserfc.jwk import RSAKey
    from starlette.applications import Starlette
    from starlette.responses import HTMLResponse, JSONResponse
    from starlette.routing import Route

    key, address = RSAKey.generate_key(2048, auto_kid=True), f"http://127.0.0.1:{port}"
    given: dict[str, str] = {}

    async def described(_):
        return JSONResponse({
            "issuer": address, "authorization_endpoint": f"{address}/authorize",
            "token_endpoint": f"{address}/token", "jwks_uri": f"{address}/keys",
            "response_types_supported": ["code"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        })  # fmt: skip

    async def authorize(request):
        asked = request.query_params
        code = secrets.token_hex(8)
        given[code] = asked.get("nonce", "")
        back = f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"
        return HTMLResponse(f'<a href="{back}">I am Ada</a>')

    async def token(request):
        nonce = given.pop((await request.form())["code"])
        now = int(time.time())
        claims = {"iss": address, "aud": "strec", "sub": "1", "email": "ada@example.org",
                  "name": "Ada", "iat": now, "exp": now + 600, "nonce": nonce}  # fmt: skip
        signed = jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key)
        return JSONResponse({"access_token": "x", "token_type": "Bearer", "id_token": signed})

    async def keys(_):
        return JSONResponse({"keys": [key.as_dict(private=False)]})

    app = Starlette(routes=[
        Route("/.well-known/openid-configuration", described), Route("/authorize", authorize),
        Route("/token", token, methods=["POST"]), Route("/keys", keys),
    ])  # fmt: skip
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield address
    server.should_exit = True
    thread.join(10)


@pytest.mark.slow
def test_a_visitor_signs_in_at_a_provider_and_only_then_sees_a_page(browser, tmp_path):
    port = a_free_port()
    with a_provider(a_free_port()) as provider:
        (tmp_path / "secrets.toml").write_text(
            f'''[auth]
redirect_uri = "http://127.0.0.1:{port}/oauth2callback"
cookie_secret = "{secrets.token_hex(16)}"
client_id = "strec"
client_secret = "a secret"
server_metadata_url = "{provider}/.well-known/openid-configuration"
'''
        )
        options = "--secrets.files", str(tmp_path / "secrets.toml")
        with an_app(tmp_path, port, *options, STREC_SIGN_IN="1") as app:
            page = browser.new_context().new_page()
            page.set_default_timeout(120_000)
            page.goto(f"{app}/time")
            page.get_by_role("heading", name="Sign in").wait_for()
            assert not page.get_by_text("check-ins").count()
            page.get_by_role("button", name="Sign in").click()
            page.get_by_role("link", name="I am Ada").click()
            page.get_by_role("button", name="Change data").wait_for()
            assert page.url.startswith(app) and not page.get_by_text("Sign in").count()
            # Another browser has not signed in, whatever this one did.
            other = browser.new_context().new_page()
            other.goto(f"{app}/time")
            other.get_by_role("heading", name="Sign in").wait_for(timeout=120_000)
