# Prints "path:line: sizes: ..." for files over 500 lines and C functions over 70.
# A function's body is from a "{" in column one to the "}" in column one.

function over_file() {
    if (last_line > 500)
        printf "%s:%d: sizes: %d lines, at most 500\n", last_file, last_line, last_line
}

# The name before the first "(" of the declarator.
function name_of(text) {
    sub(/\(.*/, "", text)
    sub(/.*[ *]/, "", text)
    return text
}

FNR == 1 { over_file(); start = 0; declarator = "" }
{ last_file = FILENAME; last_line = FNR }
FILENAME !~ /\.[ch]$/ { next }
/^[A-Za-z_].*\(/ { declarator = $0 }
/^{/ { start = FNR }
/^}/ && start {
    if (FNR - start + 1 > 70)
        printf "%s:%d: sizes: %s() has %d lines, at most 70\n", FILENAME, start,
               name_of(declarator), FNR - start + 1
    start = 0
}
END { over_file() }
