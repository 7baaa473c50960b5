import { EXIT, type Io } from "../io.ts";

/**
 * Each script calls `bellwether complete` with the words up to the cursor. It passes them as they are, so nothing that is
 * being typed is evaluated, and it needs no package beside the shell; bash may be as old as 3.2.
 */
const BASH = `# bellwether: completion for bash
_bellwether() {
  COMPREPLY=()
  local line
  while IFS= read -r line; do
    COMPREPLY+=("\${line%%$'\\t'*}")
  done < <(bellwether complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _bellwether bellwether
`;

const ZSH = `#compdef bellwether
# bellwether: completion for zsh
_bellwether() {
  local -a lines
  lines=("\${(@f)$(bellwether complete -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -z \${lines[1]} ]]; then
    _files
    return
  fi
  lines=("\${(@)lines//:/\\\\:}")
  lines=("\${(@)lines/$'\\t'/:}")
  _describe bellwether lines
}
# In a file of fpath it is the function itself.
if [[ \${funcstack[1]} == _bellwether ]]; then
  _bellwether "$@"
else
  compdef _bellwether bellwether
fi
`;

const FISH = `# bellwether: completion for fish
function __bellwether_complete
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  set -l lines (bellwether complete -- $words[2..-1] "$current" 2>/dev/null)
  if test (count $lines) -gt 0
    printf '%s\\n' $lines
  else
    __fish_complete_path "$current"
  end
end
complete -c bellwether -f -a '(__bellwether_complete)'
`;

const SCRIPTS = { bash: BASH, zsh: ZSH, fish: FISH };

/** Prints the script that a shell reads at its start. */
export function completion(shell: keyof typeof SCRIPTS, _: object, io: Io): number {
  io.out(SCRIPTS[shell]);
  return EXIT.done;
}
