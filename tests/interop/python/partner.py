"""A client that others wrote: Authlib.

python partner.py: obeys JSON lines on stdin and answers each with one.
"""

import json
import sys

import requests
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.jwk import KeySet


def session(client):
    return OAuth2Session(client, f"{client}-secret", token_endpoint_auth_method="client_secret_basic")


def metadata(issuer):
    return requests.get(f"{issuer}/.well-known/openid-configuration", timeout=10).json()


def token(issuer, resource, scope, client="robot"):
    """A token of the client credentials grant."""
    endpoint = metadata(issuer)["token_endpoint"]
    answer = session(client).fetch_token(
        endpoint, grant_type="client_credentials", resource=resource, scope=scope
    )
    return {"token": answer["access_token"], "type": answer["token_type"]}


def introspect(issuer, token, client="documents-api"):
    endpoint = metadata(issuer)["introspection_endpoint"]
    return session(client).introspect_token(endpoint, token=token).json()


def fetch(url, token, method="GET"):
    """A request to the resource, with the token where Authlib puts it."""
    with OAuth2Session(token={"access_token": token, "token_type": "Bearer"}) as caller:
        answer = caller.request(method, url, timeout=10)
        return {"status": answer.status_code, "headers": dict(answer.headers), "body": answer.text}


def judge(issuer, token, audience):
    """What joserfc, as another verifier, says of the token."""
    keys = KeySet.import_key_set(requests.get(metadata(issuer)["jwks_uri"], timeout=10).json())
    try:
        decoded = jwt.decode(token, keys, algorithms=["RS256", "ES256", "EdDSA", "Ed25519"])
        claims = jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": issuer}, aud={"essential": True, "value": audience}
        )
        claims.validate(decoded.claims)
        return {"accepted": True}
    except Exception as error:  # whatever it is, the token was refused
        return {"accepted": False, "why": repr(error)}


COMMANDS = {"token": token, "introspect": introspect, "fetch": fetch, "judge": judge}

for line in sys.stdin:
    command = json.loads(line)
    try:
        answer = COMMANDS[command.pop("do")](**command)
    except Exception as error:
        answer = {"error": repr(error)}
    print(json.dumps(answer), flush=True)
