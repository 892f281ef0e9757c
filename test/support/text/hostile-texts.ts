/** Texts that do something where they are not made safe: in a shell, in Ansible, to ssh, on a terminal. */

/** Each would leave a file in `folder` when a shell, ssh or Ansible executes it. No blanks: names end at one. */
export function executables(folder: string): readonly string[] {
  const touch = (name: string) => `touch\${IFS}${folder}/${name}`
  return [
    `$(${touch('substitution')})`,
    `\`${touch('backticks')}\``,
    `;${touch('semicolon')};`,
    `a'$(${touch('single')})'`,
    `a"$(${touch('double')})"`,
    `{{ lookup('pipe','touch ${folder}/jinja') }}`,
    `{% for x in lookup('pipe','touch ${folder}/block') %}{% endfor %}`,
    `-oProxyCommand=${touch('option')}`,
    `(touch ${folder}/fish)`,
  ]
}

const ESC = '\u001b'

/** What a terminal obeys, or shows in a misleading way. */
export const CONTROLS: readonly string[] = [
  `${ESC}]0;title\u0007`,
  `${ESC}[2J`,
  `${ESC}[31;5mred`,
  `${ESC}[35m`,
  '\u009b31m',
  '\u009d0;title\u009c',
  '\u0085\u008d\u0090',
  '\r\nfake: line',
  '\u0000\u0007\b\u000b\u000c\u007f',
  '\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u061c\u200e\u200f',
  '\u200b\u200c\u200d\u2060\ufeff\u00ad',
  '\u2028\u2029',
  '\u{e0041}\u{e007f}',
]

/** Finds what of the above is left raw in what was shown. Line breaks of our own stay out of it. */
export function rawIn(shown: string): string | null {
  return /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.exec(shown.replaceAll(/\r?\n/g, ''))?.[0] ?? null
}
