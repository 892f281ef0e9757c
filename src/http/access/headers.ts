/** What browsers are told about every answer. */

/**
 * Answers are data: nothing in them may load, run, be framed or be sent anywhere. Pages of ours say so themselves. As
 * helmet 8 has them, which makes them anew for each request: 20 µs and more, where a whole answer takes about 50. None
 * about TLS: we serve plain HTTP, and it is for the proxy that adds it to say that there is nothing else.
 */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'origin-agent-cluster': '?1',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-dns-prefetch-control': 'off',
  'x-download-options': 'noopen',
  'x-frame-options': 'DENY',
  'x-permitted-cross-domain-policies': 'none',
  'x-xss-protection': '0',
}
