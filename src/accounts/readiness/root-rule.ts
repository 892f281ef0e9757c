/** The rule that lets an account become root without a password in a pool with `sudo: true`. */

/** Functions of bash. An account may have no password at all, so the rule must not ask for one. */
export const ROOT_RULE = `
let_become_root() {
  find_root_group
  if [[ ! $root_group ]]; then
    if has groupadd; then groupadd --system sudo || groupadd -r sudo || true; fi >/dev/null 2>&1
    find_root_group
    [[ $root_group ]] || unfit 'the image has neither a group sudo nor wheel, and none can be made (sudo: true): add one, or set sudo: false for the pool'
  fi
  if has sudo; then write_sudo_rule "$root_group"
  elif has doas; then write_doas_rule "$root_group"
  else unfit 'the image has neither sudo nor doas, so accounts could not become root (sudo: true): install the package sudo, or set sudo: false for the pool'
  fi
}

# sudo uses the last rule that matches, so ours has to be in the last file.
write_sudo_rule() {
  local rule="%$1 ALL=(ALL:ALL) NOPASSWD: ALL" file=/etc/sudoers.d/zz-berth last='' line problem
  for last in /etc/sudoers.d/*; do :; done
  if [[ -f $last && \${last##*/} == *berth ]] && IFS= read -r line <"$last" && [[ $line == "$rule" ]]; then return; fi
  [[ -f /etc/sudoers ]] || unfit 'the image has sudo and no /etc/sudoers (sudo: true): install the package sudo as a whole'
  if [[ $(</etc/sudoers) =~ (^|$'\\n')[@#]includedir[[:blank:]]+/etc/sudoers\\.d/?[[:blank:]]*($|$'\\n') ]]; then
    mkdir -p -m 750 /etc/sudoers.d
    rm -f "$file"
    ( umask 337; printf '%s\\n' "$rule" >"$file" )
  elif [[ $'\\n'$(</etc/sudoers)$'\\n' != *$'\\n'"$rule"$'\\n'* ]]; then
    printf '\\n%s\\n' "$rule" >>/etc/sudoers
  fi || unfit "Berth cannot write its rule for sudo (sudo: true): $file"
  if [[ -e $file ]] && has visudo && ! problem=$(visudo -cf "$file" 2>&1); then
    rm -f "$file"
    unfit "the image's sudo does not understand Berth's rule (sudo: true): $problem"
  fi
}

write_doas_rule() {
  local rule="permit nopass :$1" file=/etc/doas.conf
  if [[ -d /etc/doas.d && ! -e $file ]]; then file=/etc/doas.d/zz-berth.conf; fi
  if [[ -f $file && $'\\n'$(<"$file")$'\\n' == *$'\\n'"$rule"$'\\n'* ]]; then return; fi
  printf '\\n%s\\n' "$rule" >>"$file" && chmod 600 "$file" || unfit "Berth cannot write its rule for doas (sudo: true): $file"
}
`
