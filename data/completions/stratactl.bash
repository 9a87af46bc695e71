# SPDX-License-Identifier: GPL-3.0-or-later
# bash completion for stratactl

# The words that follow a name in stratactl's own JSON output
__stratactl_values() {
  command stratactl "${store[@]}" "$1" --json 2>/dev/null | grep -oE "\"$2\":\"[A-Za-z0-9._-]+\"" | cut -d '"' -f 4
}

_stratactl() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
  local command='' words='' arguments=0 i
  local -a store=()

  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      --store) i=$((i + 1)); [ "$i" -lt "$COMP_CWORD" ] && store=(--store "${COMP_WORDS[i]}") ;;
      --batch | --videos | --older-than | --quality | --level | --limit | --sort | --part | --format | --attachment | --item | --slice | --export | -o) i=$((i + 1)) ;;
      -*) ;;
      *) arguments=$((arguments + 1)); [ -n "$command" ] || command=${COMP_WORDS[i]} ;;
    esac
  done

  COMPREPLY=()
  case $prev in
    --store | --export) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
    -o | --attachment) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    --sort) words='date size name' ;;
    --images) words='exact webp off' ;;
    --videos) words='copy reference' ;;
    --format) words='legacy json zip' ;;
    --attachments) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
    --batch | --limit | --part | --source | --item | --slice) return ;;
    *)
      if [[ $cur == -* ]]; then
        words='--store --json --quiet --help --version'
        case $command in
          plan) words+=' --source --attachments' ;;
          migrate) words+=' --source --attachments --batch --videos --compress --no-recovered --discard' ;;
          cancel) words+=' --keep --discard' ;;
          list) words+=' --limit --sort' ;;
          show) words+=' --metadata --parts --part' ;;
          attachment) words+=' -o' ;;
          export) words+=' --format -o' ;;
          append) words+=' --attachment' ;;
          delete) words+=' --item' ;;
          search) words+=' --limit --explain' ;;
          compress) words+=' --all --older-than --images --quality --level' ;;
          gc) words+=' --dry-run --purge' ;;
          verify) words+=' --repair --slice --drill' ;;
          report) words+=' -o' ;;
          rollback) words+=' --dry-run --export --restore --no-restore --undo --purge' ;;
          keep) words+=' --all' ;;
          retire) words+=' --now --dry-run' ;;
        esac
      else
        case $command in
          '') words='plan migrate retry pause resume cancel status list show attachments attachment search export set append attach delete undelete compress decompress gc verify reindex stats report rollback keep retire' ;;
          plan | migrate) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
          attach) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
          append)
            if [ "$arguments" -gt 1 ]; then
              words='screenshots audioSegments video.chunks contextItems'
            else
              words=$(__stratactl_values list key)
            fi
            ;;
          show | attachments | export | set | delete | decompress | keep) words=$(__stratactl_values list key) ;;
          attachment) words=$(__stratactl_values attachments id) ;;
        esac
      fi
      ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -F _stratactl stratactl
