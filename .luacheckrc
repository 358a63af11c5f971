-- What scenarios may use: Lua without what the sandbox takes away, and the API of docs/scenarios.md.
std = {
  read_globals = {
    "_G", "assert", "error", "getmetatable", "ipairs", "math", "next", "pairs", "pcall", "rawequal",
    "rawget", "rawlen", "rawset", "select", "setmetatable", "string", "table", "tonumber",
    "tostring", "type", "utf8",
    "array", "asked", "bad_input", "call_off", "ccd", "census", "configure", "create", "destroy",
    "exchange", "expect", "expect_refused", "fault", "faults", "interpose", "judge", "label", "log", "machine", "media", "medium", "mesh",
    "mirror", "mount", "move", "multipath", "now", "on", "open", "option", "power", "print", "raid",
    "remove", "settle", "sleep", "spawn", "step", "title", "unlabel", "unload", "use", "vinum",
    "wait_for",
  },
}
max_line_length = 110
