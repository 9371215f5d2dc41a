// An OAuth 2 and OpenID Connect server that others wrote and certified: `oidc-provider`.
//
// node provider.mjs [PORT] [KEYS]
//
// It prints one JSON line when it is up, then obeys JSON lines on stdin and answers each with one:
//   {"do":"rotate","overlap":true|false}   new signing keys; the old ones stay published or not
//   {"do":"logout","uri":"..","sub":".."}  a back-channel logout, sent there for the client `documents-app`
//   {"do":"nonce","required":true|false}   whether the token endpoint wants nonces in DPoP proofs
//   {"do":"client","client_id":"..", ..}   one more client with this metadata, which has no secret
//   {"do":"tls","certificate":"..","key":"..","authority":".."}
//       https on a port of its own, asking for client certificates, told as the aliases of RFC 8705 §5; all three PEM
// PORT 0 takes a free one. KEYS is a file with a key set, made if it is not there, so that a restart keeps its keys.
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { randomBytes, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';

const [port = '0', keysFile] = process.argv.slice(2);
// Its warnings are not for whoever reads the answers.
console.info = console.warn = console.error;

const ALGORITHMS = ['RS256', 'ES256', 'EdDSA'];
let generation = 0;
let nonceRequired = false;
const nonceSecret = randomBytes(32);
const registered = [];
let discovery = {};

async function makeKeys() {
  generation += 1;
  return Promise.all(
    ALGORITHMS.map(async (alg) => {
      const { privateKey } = await generateKeyPair(alg, { extractable: true });
      return { ...(await exportJWK(privateKey)), alg, use: 'sig', kid: `${alg}-${process.pid}-${generation}` };
    }),
  );
}

async function keysAtStart() {
  if (keysFile && existsSync(keysFile)) return JSON.parse(readFileSync(keysFile, 'utf8'));
  const keys = await makeKeys();
  if (keysFile) writeFileSync(keysFile, JSON.stringify(keys));
  return keys;
}

// Which kind of token is issued for which resource: the path says it, such as `/jwt/ES256` and `/opaque`.
function resourceServer(resource) {
  const [, format, alg = 'ES256'] = new URL(resource).pathname.split('/');
  return {
    scope: 'documents:read documents:write',
    audience: resource,
    accessTokenTTL: 300,
    accessTokenFormat: format === 'jwt' ? 'jwt' : 'opaque',
    ...(format === 'jwt' && { jwt: { sign: { alg } } }),
  };
}

function client(client_id, more = {}) {
  return {
    client_id,
    client_secret: `${client_id}-secret`,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    scope: 'documents:read documents:write',
    ...more,
  };
}

// That of the connection, where it is one of TLS; else the test sends it in a field, as a proxy that ends TLS does.
function getCertificate(ctx) {
  if (ctx.socket.encrypted) return ctx.socket.getPeerX509Certificate();
  const field = ctx.get('x-test-certificate');
  return field ? new X509Certificate(Buffer.from(field, 'base64')) : undefined;
}

function configuration(keys) {
  return {
    jwks: { keys },
    scopes: ['documents:read', 'documents:write'],
    clients: [
      client('robot'),
      client('certified', { tls_client_certificate_bound_access_tokens: true }),
      client('documents-api'),
      client('documents-api-signed', { introspection_signed_response_alg: 'ES256' }),
      client('documents-app', { backchannel_logout_uri: 'https://app.example/backchannel-logout' }),
      ...registered,
    ],
    discovery,
    clientAuthMethods: [
      'client_secret_basic',
      'client_secret_post',
      'private_key_jwt',
      'self_signed_tls_client_auth',
      'tls_client_auth',
    ],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      jwtIntrospection: { enabled: true },
      revocation: { enabled: true, allowedPolicy: () => true },
      backchannelLogout: { enabled: true },
      dPoP: { enabled: true, nonceSecret, requireNonce: () => nonceRequired },
      mTLS: {
        enabled: true,
        certificateBoundAccessTokens: true,
        selfSignedTlsClientAuth: true,
        tlsClientAuth: true,
        getCertificate,
        certificateAuthorized: (ctx) => ctx.socket.authorized === true,
        certificateSubjectMatches: (ctx, property, expected) =>
          property === 'tls_client_auth_san_dns' && getCertificate(ctx).subjectAltName === `DNS:${expected}`,
      },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: (_ctx, resource) => resourceServer(resource),
      },
    },
    // Its guard against requests to loopback would keep it from reaching the tests.
    fetch: (url, { dispatcher, ...options } = {}) => globalThis.fetch(url, options),
  };
}

let keys = await keysAtStart();
let handle = (_request, response) => response.writeHead(503).end();
let provider;
const server = createServer((request, response) => handle(request, response));
await new Promise((up) => server.listen(Number(port), '127.0.0.1', up));
const issuer = `http://127.0.0.1:${server.address().port}`;

function serve() {
  provider = new Provider(issuer, configuration(keys));
  handle = provider.callback();
}

const commands = {
  async rotate({ overlap }) {
    const fresh = await makeKeys();
    // The first key of an algorithm signs; those behind it only verify.
    keys = overlap ? [...fresh, ...keys] : fresh;
    serve();
    return { kids: keys.map((key) => key.kid) };
  },
  async logout({ uri, sub, sid }) {
    const app = await provider.Client.find('documents-app');
    app.backchannelLogoutUri = uri;
    await app.backchannelLogout(sub, sid);
    return {};
  },
  async client({ client_id, ...metadata }) {
    const { client_secret, ...made } = client(client_id, metadata);
    registered.push(made);
    serve();
    return {};
  },
  async tls({ certificate, key, authority }) {
    const asking = { requestCert: true, rejectUnauthorized: false };
    const options = { cert: certificate, key, ca: authority, ...asking };
    const secure = createSecureServer(options, (request, response) => handle(request, response));
    await new Promise((up) => secure.listen(0, '127.0.0.1', up));
    const introspection_endpoint = `https://localhost:${secure.address().port}/token/introspection`;
    discovery = { mtls_endpoint_aliases: { introspection_endpoint } };
    serve();
    return { introspection_endpoint };
  },
  async nonce({ required }) {
    nonceRequired = required;
    return {};
  },
};

serve();
console.log(JSON.stringify({ issuer }));
for await (const line of createInterface({ input: process.stdin })) {
  const { do: name, ...rest } = JSON.parse(line);
  try {
    console.log(JSON.stringify(await commands[name](rest)));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error), cause: String(error.cause ?? '') }));
  }
}
process.exit(0);
