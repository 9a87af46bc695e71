# SPDX-License-Identifier: GPL-3.0-or-later
# fish completion for stratactl

function __stratactl_values
    set -l words (commandline -opc)
    set -l store
    if set -l place (contains -i -- --store $words)
        set store --store $words[(math $place + 1)]
    end
    command stratactl $store $argv[1] --json 2>/dev/null | string match -rga '"'$argv[2]'":"([A-Za-z0-9._-]+)"'
end

complete -c stratactl -f

complete -c stratactl -n __fish_use_subcommand -a plan -d 'Say what a migration would do'
complete -c stratactl -n __fish_use_subcommand -a migrate -d 'Move an old store into the new one, and prove it'
complete -c stratactl -n __fish_use_subcommand -a retry -d 'Try again what went wrong'
complete -c stratactl -n __fish_use_subcommand -a pause -d 'Let what is running wait'
complete -c stratactl -n __fish_use_subcommand -a resume -d 'Let it go on'
complete -c stratactl -n __fish_use_subcommand -a cancel -d 'Give it up'
complete -c stratactl -n __fish_use_subcommand -a status -d 'Say where the migration is'
complete -c stratactl -n __fish_use_subcommand -a list -d 'List the sessions'
complete -c stratactl -n __fish_use_subcommand -a show -d 'Print a session as JSON'
complete -c stratactl -n __fish_use_subcommand -a attachments -d 'List attachments'
complete -c stratactl -n __fish_use_subcommand -a attachment -d 'Give an attachment\'s bytes back'
complete -c stratactl -n __fish_use_subcommand -a search -d 'Find moments by their words, and sessions by filters'
complete -c stratactl -n __fish_use_subcommand -a export -d 'Give everything back'
complete -c stratactl -n __fish_use_subcommand -a set -d 'Give a member the value on standard input'
complete -c stratactl -n __fish_use_subcommand -a append -d 'Append the element on standard input'
complete -c stratactl -n __fish_use_subcommand -a attach -d 'Add an attachment'
complete -c stratactl -n __fish_use_subcommand -a delete -d 'Move sessions, or an item of one, to the trash'
complete -c stratactl -n __fish_use_subcommand -a undelete -d 'Bring back what was deleted'
complete -c stratactl -n __fish_use_subcommand -a compress -d 'Make the store take less'
complete -c stratactl -n __fish_use_subcommand -a decompress -d 'Undo it'
complete -c stratactl -n __fish_use_subcommand -a gc -d 'Clear away what nothing needs any more'
complete -c stratactl -n __fish_use_subcommand -a verify -d 'Read everything and compare it with its digests'
complete -c stratactl -n __fish_use_subcommand -a reindex -d 'Make the catalog and the search index anew from the files'
complete -c stratactl -n __fish_use_subcommand -a stats -d 'Say what is stored, and what was saved'
complete -c stratactl -n __fish_use_subcommand -a rollback -d 'Go back to the old store; the new one goes to the trash'

complete -c stratactl -l store -xa '(__fish_complete_directories)' -d 'The store'
complete -c stratactl -l json -d 'Print one JSON document'
complete -c stratactl -l quiet -d 'Show no progress'
complete -c stratactl -l help -d 'List commands and options'
complete -c stratactl -l version -d 'Print the version'

complete -c stratactl -n '__fish_seen_subcommand_from plan migrate' -F
complete -c stratactl -n '__fish_seen_subcommand_from plan migrate' -l source -x -d 'Believe this source first'
complete -c stratactl -n '__fish_seen_subcommand_from plan migrate' -l attachments -xa '(__fish_complete_directories)' -d 'Where the attachments are'
complete -c stratactl -n '__fish_seen_subcommand_from migrate' -l batch -x -d 'Sessions committed at a time'
complete -c stratactl -n '__fish_seen_subcommand_from migrate' -l compress -d 'Write JSON compressed'
complete -c stratactl -n '__fish_seen_subcommand_from migrate' -l no-recovered -d 'Leave out what only older copies have'
complete -c stratactl -n '__fish_seen_subcommand_from migrate cancel' -l discard -d 'Take back what it has added'
complete -c stratactl -n '__fish_seen_subcommand_from cancel' -l keep -d 'Leave what it has added'
complete -c stratactl -n '__fish_seen_subcommand_from search' -l limit -x -d 'Only so many'
complete -c stratactl -n '__fish_seen_subcommand_from search' -l explain -d 'How the query was understood'
complete -c stratactl -n '__fish_seen_subcommand_from compress' -l all -d 'Sessions of any age'
complete -c stratactl -n '__fish_seen_subcommand_from compress' -l older-than -x -d 'Only sessions of that age, in days'
complete -c stratactl -n '__fish_seen_subcommand_from compress' -l images -xa 'exact webp off' -d 'What becomes of JPEG images'
complete -c stratactl -n '__fish_seen_subcommand_from compress' -l quality -x -d 'Of WebP'
complete -c stratactl -n '__fish_seen_subcommand_from compress' -l level -x -d 'Of gzip'
complete -c stratactl -n '__fish_seen_subcommand_from gc' -l dry-run -d 'Only say what would go'
complete -c stratactl -n '__fish_seen_subcommand_from gc' -l purge -d 'Empty the trash now'
complete -c stratactl -n '__fish_seen_subcommand_from verify' -l repair -d 'Restore what is damaged'
complete -c stratactl -n '__fish_seen_subcommand_from verify' -l slice -x -d 'Only so much of the store'
complete -c stratactl -n '__fish_seen_subcommand_from verify' -l drill -d 'Also rebuild a session, and compare'
complete -c stratactl -n '__fish_seen_subcommand_from rollback' -l dry-run -d 'Only say what the old store is now'
complete -c stratactl -n '__fish_seen_subcommand_from rollback' -l export -xa '(__fish_complete_directories)' -d 'For what the old store does not have'
complete -c stratactl -n '__fish_seen_subcommand_from rollback' -l restore -d 'Put damaged files back'
complete -c stratactl -n '__fish_seen_subcommand_from rollback' -l no-restore -d 'Leave damaged files'
complete -c stratactl -n '__fish_seen_subcommand_from rollback' -l undo -d 'Bring the store back'
complete -c stratactl -n '__fish_seen_subcommand_from rollback' -l purge -d 'Remove it for good'
complete -c stratactl -n '__fish_seen_subcommand_from list' -l limit -x -d 'Only so many'
complete -c stratactl -n '__fish_seen_subcommand_from list' -l sort -xa 'date size name' -d 'In which order'
complete -c stratactl -n '__fish_seen_subcommand_from show' -l metadata -d 'Only the small members'
complete -c stratactl -n '__fish_seen_subcommand_from show' -l parts -d 'What the session is made of'
complete -c stratactl -n '__fish_seen_subcommand_from show' -l part -x -d 'Only that part'
complete -c stratactl -n '__fish_seen_subcommand_from attachment' -s o -rF -d 'Write into a file'
complete -c stratactl -n '__fish_seen_subcommand_from export' -l format -xa 'legacy json' -d 'As what'
complete -c stratactl -n '__fish_seen_subcommand_from export' -s o -rF -d 'Where to'
complete -c stratactl -n '__fish_seen_subcommand_from append' -l attachment -rF -d 'What belongs to the element'
complete -c stratactl -n '__fish_seen_subcommand_from append' -xa 'screenshots audioSegments video.chunks contextItems'
complete -c stratactl -n '__fish_seen_subcommand_from delete' -l item -x -d 'Only this item'
complete -c stratactl -n '__fish_seen_subcommand_from attach' -F
complete -c stratactl -n '__fish_seen_subcommand_from show attachments export set append delete decompress' -xa '(__stratactl_values list key)'
complete -c stratactl -n '__fish_seen_subcommand_from attachment' -xa '(__stratactl_values attachments id)'
