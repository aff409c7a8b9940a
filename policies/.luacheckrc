-- What a policy may use (README.md): anything else is a mistake.
std = {
  read_globals = {
    "assert", "error", "ipairs", "list", "null", "pairs", "rawequal", "rawget",
    "rawlen", "select", "tonumber", "tostring", "type",
    string = { fields = { "byte", "char", "find", "format", "gmatch", "gsub", "len",
      "lower", "match", "rep", "reverse", "sub", "upper" } },
    table = { fields = { "concat", "insert", "move", "pack", "remove", "sort",
      "unpack" } },
    math = { fields = { "abs", "ceil", "floor", "fmod", "huge", "max", "maxinteger",
      "min", "mininteger", "modf", "pi", "sqrt", "tointeger", "type", "ult" } },
    utf8 = { fields = { "char", "charpattern", "codepoint", "codes", "len",
      "offset" } },
  },
}
globals = { "authorize", "route" }
max_line_length = 88
exclude_files = { "esim.meta.lua" }
