"""A relying party of PyPI's idpyoidc. It prints the address that the browser is sent to, reads the one that the browser comes
back to, and prints what it learned. AKASHI_CLIENT holds its settings as JSON."""

import base64
import json
import os
import secrets
import sys
import time
from urllib.parse import parse_qsl, urlsplit
from urllib.request import urlopen

from cryptography.hazmat.primitives.serialization import load_der_private_key
from cryptojwt import KeyJar
from cryptojwt.jwk.ec import ECKey
from cryptojwt.jws.jws import JWS
from idpyoidc.client import client_auth
from idpyoidc.client.rp_handler import RPHandler

settings = json.loads(os.environ["AKASHI_CLIENT"])



def assertion(client_id, keys, audience, algorithm, lifetime=120):
    """What the library makes, but for an audience that is one string (it writes a list of one, which FAPI 2.0 section 5.3.2.1
    has refused, and so has the gateway) and a life of two minutes (it gives ten; the gateway allows five)."""
    now = int(time.time())
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "jti": secrets.token_urlsafe(32),
        "iat": now,
        "exp": now + lifetime,
    }
    return JWS(json.dumps(claims), alg=algorithm).sign_compact(keys)


client_auth.assertion_jwt = assertion
# It signs with RS256 whatever is registered, unless it is told.
client_auth.PrivateKeyJWT._get_audience_and_algorithm = lambda *_, **__: (settings["issuer"], "ES256")

# The library's own discovery refuses every provider that does not list RS256 for ID tokens (OpenID Connect Discovery 1.0
# section 3 wants it listed; the gateway signs with ES256 alone, as the national service does): so it is told.
with urlopen(settings["issuer"] + "/.well-known/openid-configuration") as found:
    provider_info = json.load(found)
assert provider_info["issuer"] == settings["issuer"]

private_key = load_der_private_key(base64.b64decode(settings["pkcs8"]), None)
key = ECKey(use="sig", kid=settings["kid"], alg="ES256").load_key(private_key)
keys = KeyJar()
keys.add_keys("", [key])

# The city is registered for an address that is one string, as the national service has it; the library reads only OpenID
# Connect's object, for which a client is registered with `address = "object"`.
scopes = [scope for scope in settings["scope"].split(" ") if scope != "address"]

base_url = "{0.scheme}://{0.netloc}".format(urlsplit(settings["redirect_uri"]))
services = {
    name: {"class": f"idpyoidc.client.oidc.{module}", "kwargs": {}}
    for name, module in {
        "authorization": "authorization.Authorization",
        "accesstoken": "access_token.AccessToken",
        "userinfo": "userinfo.UserInfo",
    }.items()
}
handler = RPHandler(
    base_url=base_url,
    keyjar=keys,
    services=services,
    client_configs={
        "akashi": {
            "issuer": settings["issuer"],
            "client_id": settings["client_id"],
            "client_type": "oidc",
            "provider_info": provider_info,
            "redirect_uris": [settings["redirect_uri"]],
            "response_types_supported": ["code"],
            "scopes_supported": scopes,
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_method": "private_key_jwt",
            "token_endpoint_auth_signing_alg": "ES256",
            "id_token_signed_response_alg": "ES256",
            "id_token_signing_alg_values_supported": ["ES256"],
            "client_authn_methods": ["private_key_jwt", "bearer_header"],
            "allow": {"http_links": True},
            "services": services,
            "add_ons": {
                "pkce": {
                    "function": "idpyoidc.client.oauth2.add_on.pkce.add_support",
                    "kwargs": {"code_challenge_length": 64, "code_challenge_method": "S256"},
                }
            },
        }
    },
)

address = handler.begin("akashi", req_args={"scope": scopes})
address = address["url"] if isinstance(address, dict) else address
print("AUTHORIZE", address, flush=True)
back = dict(parse_qsl(urlsplit(sys.stdin.readline().strip()).query))
outcome = handler.finalize(settings["issuer"], back)
if "error" in outcome:
    sys.exit(f"{outcome}")
print(
    "RESULT",
    json.dumps(
        {
            "claims": outcome["id_token"].to_dict(),
            "userinfo": outcome["userinfo"].to_dict(),
        }
    ),
    flush=True,
)
