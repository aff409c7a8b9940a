# Checks #include lines against layers.txt: the first file given, then sources.
# Prints "path:line: rule: what is wrong" for rules layers, foreign and own-header.

function folder_of(path,    parts, n) {
    n = split(path, parts, "/")
    if (parts[1] == "host")
        return n == 2 ? "main" : substr(path, 6, length(path) - 6 - length(parts[n]))
    if (parts[1] == "sdk" && n > 2)
        return "sdk/" parts[2]
    return parts[1]
}

function wrong(rule, words) {
    printf "%s:%d: %s: %s\n", FILENAME, FNR, rule, words
}

# "curl/curl.h" is found under "curl/curl.h" and under "curl/".
function homes_of(header,    folder) {
    folder = header
    sub(/\/.*/, "/", folder)
    return header in home ? home[header] : (folder in home ? home[folder] : "")
}

function is_system(header,    folder) {
    folder = header
    sub(/\/.*/, "/", folder)
    return (header in system_header) || (folder in system_header)
}

function check_foreign(header, here,    homes) {
    if (here == "tests")
        return # Tests look from outside and may use what they like.
    homes = homes_of(header)
    if (homes == "" && !is_system(header))
        wrong("foreign", "<" header "> has no home in tests/lint/layers.txt")
    else if (homes != "" && index(homes, " " here " ") == 0)
        wrong("foreign", "<" header "> lives in" homes "only, not in " here)
}

function check_own(header, here, there) {
    if (there == "esim") {
        if (!(here in abi) && here != "tests")
            wrong("layers", here " may not include the ABI (" header ")")
        return
    }
    if (here == "tests" || there == here)
        return
    if (here == "plugins" || here == "sdk/lib" || here == "sdk/include") {
        if (there != "")
            wrong("layers", here " knows the ABI and itself only, not " header)
    } else if (there == "") {
        if (here !~ /^sdk\//)
            wrong("layers", "say the folder: \"" here "/" header "\"")
    } else if (!(there in level)) {
        wrong("layers", there " (of " header ") is in no layer of tests/lint/layers.txt")
    } else if (!(here in level)) {
        wrong("layers", here " is in no layer of tests/lint/layers.txt")
    } else if (level[there] <= level[here] && !((here, there) in beside)) {
        wrong("layers", here " may not include " header \
              (level[there] == level[here] ? ", it is beside" : ", it is above"))
    }
}

FNR == 1 { file_number++; first_include = 1 }

# layers.txt
file_number == 1 && /^layer / { depth++; for (i = 2; i <= NF; i++) level[$i] = depth }
file_number == 1 && /^beside / { beside[$2, $3] = 1 }
file_number == 1 && /^abi / {
    for (i = 2; i <= NF && $i !~ /^[A-Z]/; i++) abi[$i] = 1
}
file_number == 1 && /^foreign / {
    if (!($2 in home)) home[$2] = " "
    for (i = 3; i <= NF; i++) home[$2] = home[$2] $i " "
}
file_number == 1 && /^system / { for (i = 2; i <= NF; i++) system_header[$i] = 1 }
file_number == 1 { next }

# Sources
/^[ \t]*#[ \t]*include[ \t]*[<"]/ {
    here = folder_of(FILENAME)
    header = $0
    sub(/^[^<"]*[<"]/, "", header)
    sub(/[>"].*/, "", header)
    if ($0 ~ /</) {
        check_foreign(header, here)
    } else {
        there = header
        if (!sub(/\/[^\/]*$/, "", there)) there = ""
        check_own(header, here, there)
    }
    own = FILENAME
    sub(/^host\//, "", own)
    sub(/\.c$/, ".h", own)
    if (first_include && FILENAME ~ /^host\/.*\.c$/ && header != own && (own in exists))
        wrong("own-header", "include \"" own "\" first: it proves that it stands alone")
    first_include = 0
}
