// A relying party of npm's oauth4webapi. It prints the address that the browser is sent to, reads the one that the browser
// comes back to, and prints what it learned. AKASHI_CLIENT holds its settings as JSON; `profile` is `compatibility` or
// `fapi2` (pushed authorization request, DPoP).
import { createInterface } from 'node:readline/promises';
import * as oauth from 'oauth4webapi';

const settings = JSON.parse(process.env.AKASHI_CLIENT);
const fapi2 = settings.profile === 'fapi2';
// The sandbox speaks http on this machine.
const insecure = { [oauth.allowInsecureRequests]: true };

const issuer = new URL(settings.issuer);
const found = await oauth.discoveryRequest(issuer, insecure);
const server = await oauth.processDiscoveryResponse(issuer, found);
const client = { client_id: settings.client_id };
const der = Buffer.from(settings.pkcs8, 'base64');
const key = await crypto.subtle.importKey('pkcs8', der, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
const proof = oauth.PrivateKeyJwt({ key, kid: settings.kid });
const DPoP = fapi2 ? oauth.DPoP(client, await oauth.generateKeyPair('ES256')) : undefined;
const options = { ...insecure, DPoP };

// A server that asks for a nonce in the DPoP proof is asked once more, with it.
async function withNonce(ask, process) {
  try {
    return await process(await ask());
  } catch (error) {
    if (!DPoP || !oauth.isDPoPNonceError(error)) {
      throw error;
    }
    return process(await ask());
  }
}

const verifier = oauth.generateRandomCodeVerifier();
const state = oauth.generateRandomState();
const nonce = oauth.generateRandomNonce();
const request = {
  client_id: settings.client_id,
  redirect_uri: settings.redirect_uri,
  response_type: 'code',
  scope: settings.scope,
  state,
  nonce,
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
};
const address = new URL(server.authorization_endpoint);
if (fapi2) {
  const pushed = await withNonce(
    () => oauth.pushedAuthorizationRequest(server, client, proof, request, options),
    (response) => oauth.processPushedAuthorizationResponse(server, client, response),
  );
  address.searchParams.set('client_id', settings.client_id);
  address.searchParams.set('request_uri', pushed.request_uri);
} else {
  for (const [name, value] of Object.entries(request)) {
    address.searchParams.set(name, value);
  }
}
console.log(`AUTHORIZE ${address.href}`);

const input = createInterface({ input: process.stdin });
const back = new URL((await input[Symbol.asyncIterator]().next()).value);
const answer = oauth.validateAuthResponse(server, client, back, state);
let response;
const tokens = await withNonce(
  async () => {
    response = await oauth.authorizationCodeGrantRequest(
      server, client, proof, answer, settings.redirect_uri, verifier, options,
    );
    return response;
  },
  (got) => oauth.processAuthorizationCodeResponse(server, client, got, { expectedNonce: nonce, requireIdToken: true }),
);
await oauth.validateApplicationLevelSignature(server, response, insecure);
const claims = oauth.getValidatedIdTokenClaims(tokens);
const userinfo = await withNonce(
  () => oauth.userInfoRequest(server, client, tokens.access_token, options),
  (got) => oauth.processUserInfoResponse(server, client, claims.sub, got),
);
console.log(`RESULT ${JSON.stringify({ claims, userinfo })}`);
input.close();
