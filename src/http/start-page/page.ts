/** What the manager's address shows. Nothing of it depends on the state, so it can be read without a token. */

export const TEXT = `Berth lends Linux containers over SSH for a limited time.
For people:   berth reserve, then berth ssh; without the command: curl "ADDRESS/reserve?username=alice"
For programs: POST ADDRESS/v1/reservations; ADDRESS/openapi.json describes the API, ADDRESS/docs shows it as a page
Tokens:       "Authorization: Bearer TOKEN", if this manager wants one; an admin creates it with berth token create
ADDRESS is the one that you have just requested. The state of the manager: ADDRESS/readyz
`

/** Body of the page for browsers. */
export const BODY = `<h1>Berth</h1>
<p>Berth lends Linux containers for a limited time. A reservation gets an account inside containers of its own and logs
in over SSH. When the time is up, access ends, the container is destroyed, and a fresh one takes its place.</p>
<h2>First commands</h2>
<p>ADDRESS stands for the address of this page.</p>
<pre>
npm install --global ADDRESS/client/berth-cli.tgz    # once; needs Node 20.19 or newer
export BERTH_URL=ADDRESS      # not needed for http://localhost:8080
berth login ADDRESS           # only if this manager wants a token
berth reserve --for 1h
berth ssh
berth release
</pre>
<p>Without the command <code>berth</code>, on a terminal:</p>
<pre>
curl "ADDRESS/reserve?username=alice&amp;count=1"
</pre>
<p>The answer has the port and the password; then <code>ssh -p PORT alice@HOST</code>.</p>
<h2>For programs</h2>
<p><a href="/docs">The API as a page</a>, and <a href="/openapi.json">as an OpenAPI document</a>.</p>
`
