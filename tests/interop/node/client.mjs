// Clients that others wrote: `openid-client`, `dpop`, `oauth4webapi`.
//
// node client.mjs: obeys JSON lines on stdin and answers each with one. `handle` names what a line made for the lines
// after it: a token, or a key.
import { createInterface } from 'node:readline';
import * as jose from 'jose';
import * as DPoP from 'dpop';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';

const insecure = { [oauth.allowInsecureRequests]: true };
const clients = new Map();
const proofs = new Map();

async function configured({ issuer, client = 'robot' }) {
  const name = `${issuer} ${client}`;
  if (!clients.has(name)) {
    const options = { execute: [openid.allowInsecureRequests] };
    clients.set(
      name,
      await openid.discovery(new URL(issuer), client, `${client}-secret`, undefined, options),
    );
  }
  return clients.get(name);
}

async function answer(response) {
  const headers = {};
  for (const [name, value] of response.headers) headers[name] = value;
  return { status: response.status, headers, body: await response.text() };
}

// The key pair of that name, and its handle of openid-client, which keeps the nonces.
async function proofOf(config, name) {
  if (!proofs.has(name)) {
    const keyPair = await openid.randomDPoPKeyPair('ES256', { extractable: true });
    proofs.set(name, { keyPair, handle: openid.getDPoPHandle(config, keyPair) });
  }
  return proofs.get(name);
}

const commands = {
  // A token of the client credentials grant, bound to the key `dpop` if that is named.
  async token({ issuer, client, resource, scope, dpop, certificate }) {
    const config = await configured({ issuer, client });
    if (certificate) {
      config[openid.customFetch] = (url, options) =>
        fetch(url, { ...options, headers: { ...options.headers, 'x-test-certificate': certificate } });
    }
    const options = dpop ? { DPoP: (await proofOf(config, dpop)).handle } : undefined;
    const tokens = await openid.clientCredentialsGrant(config, { scope, resource }, options);
    return { token: tokens.access_token, type: tokens.token_type };
  },
  // A request to the resource as openid-client makes it: with the key `dpop` if that is named, trying again by itself
  // when a nonce is wanted.
  async fetch({ issuer, client, token, url, method = 'GET', body, headers = {}, dpop }) {
    const config = await configured({ issuer, client });
    const options = dpop ? { DPoP: (await proofOf(config, dpop)).handle } : undefined;
    try {
      const sent = [config, token, new URL(url), method, body, new Headers(headers), options];
      return await answer(await openid.fetchProtectedResource(...sent));
    } catch (error) {
      // It throws what WWW-Authenticate says.
      if (!(error.cause && error.response)) throw error;
      return { ...(await answer(error.response)), challenges: error.cause };
    }
  },
  // A proof by the library `dpop`, of the key of that name.
  async proof({ issuer, client, dpop, url, method = 'GET', nonce, token }) {
    const { keyPair } = await proofOf(await configured({ issuer, client }), dpop);
    return { proof: await DPoP.generateProof(keyPair, url, method, nonce, token) };
  },
  async revoke({ issuer, client, token }) {
    await openid.tokenRevocation(await configured({ issuer, client }), token);
    return {};
  },
  // What oauth4webapi makes of our RFC 9728 document.
  async metadata({ resource }) {
    const url = new URL(resource);
    const response = await oauth.resourceDiscoveryRequest(url, insecure);
    return oauth.processResourceDiscoveryResponse(url, response);
  },
  // What oauth4webapi, as another resource server, says of the same request.
  async judge({ issuer, audience, url, method = 'GET', headers }) {
    const server = { issuer, jwks_uri: `${issuer}/jwks` };
    try {
      const request = new Request(url, { method, headers });
      const claims = await oauth.validateJwtAccessToken(server, request, audience, insecure);
      return { accepted: true, claims };
    } catch (error) {
      return { accepted: false, why: String(error.message) };
    }
  },
  // A token that `jose` signs with a fresh key, beside the key set that verifies it.
  async sign({ alg, header, claims }) {
    const { privateKey, publicKey } = await jose.generateKeyPair(alg, { extractable: true });
    const kid = `${alg}-${Math.random()}`;
    const jwk = { ...(await jose.exportJWK(publicKey)), alg, kid };
    const token = await new jose.SignJWT(claims).setProtectedHeader({ alg, kid, ...header }).sign(privateKey);
    return { token, jwks: { keys: [jwk] } };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { do: name, ...rest } = JSON.parse(line);
  try {
    console.log(JSON.stringify(await commands[name](rest)));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error), cause: String(error.cause ?? '') }));
  }
}
