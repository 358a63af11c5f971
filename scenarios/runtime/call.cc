#include "scenarios/runtime/call.h"

#include <algorithm>

#include "scenarios/runtime/actor.h"
#include "scenarios/runtime/units.h"

namespace biotope::runtime {

namespace {

tl::unexpected<Failure> wrong_type(lua_State* thread, int index, std::string_view what,
                                   std::string_view wanted) {
  const Handle* handle = to_handle(thread, index);
  const std::string_view found = lua_isnone(thread, index) ? "nothing"
                                 : handle != nullptr
                                     ? handle_kind_name(handle->kind)
                                     : std::string_view(luaL_typename(thread, index));
  return misuse(what, " must be ", wanted, ", not ", found);
}

std::string to_text(lua_State* thread, int index) {
  std::size_t length = 0;
  const char* text = lua_tolstring(thread, index, &length);
  return std::string(text, length);
}

// The value on top of the stack as one of a parameter.
Outcome<Value> to_value(lua_State* thread, std::string_view what) {
  switch (lua_type(thread, -1)) {
    case LUA_TBOOLEAN:
      return Value(lua_toboolean(thread, -1) != 0);
    case LUA_TSTRING:
      return Value(to_text(thread, -1));
    case LUA_TNUMBER: {
      int exact = 0;
      const lua_Integer number = lua_tointegerx(thread, -1, &exact);
      if (exact != 0) return Value(static_cast<std::int64_t>(number));
      [[fallthrough]];
    }
    default:
      return wrong_type(thread, -1, what, "a whole number, true or false, or a text");
  }
}

// Sizes may be told as "4 KiB", where the table wants a whole number of bytes.
Outcome<void> read_units(Values& given, std::span<const Parameter> table, std::string_view whose) {
  for (const Parameter& p : table) {
    const auto found = given.all().find(p.name);
    if (p.kind != Parameter::Kind::integer || found == given.all().end()) continue;
    const auto* text = std::get_if<std::string>(&found->second);
    if (text == nullptr) continue;
    const std::string what = sentence(whose, ": '", p.name, "'");
    Result<std::int64_t> number = 0;
    if (p.unit == "bytes") {
      number = parse_size_bytes(*text, what);
    } else if (p.unit == "ns") {
      number = parse_time_ns(*text, what);
    } else {
      continue;
    }
    if (!number) return misuse(number.error().text);
    given.set(std::string(p.name), *number);
  }
  return {};
}

int hand_over(lua_State* thread, const Answer& answer) {
  if (answer) return *answer;
  Failure failure = answer.error();
  if (failure.where.empty()) failure.where = where(thread, 0);
  push_failure(thread, failure);
  return detail::kRaise;
}

}  // namespace

int detail::run_native(lua_State* thread, Native native) noexcept {
  const LuaState::Lease lease(LuaState::of(thread));
  Call call(thread);
  return hand_over(thread, native(call));
}

int detail::finish_wait(lua_State* thread) noexcept {
  const LuaState::Lease lease(LuaState::of(thread));
  Call call(thread);
  return hand_over(thread, call.state().actors->deliver(call));
}

int detail::after_wait(lua_State* thread, int, lua_KContext) {
  const int results = finish_wait(thread);
  if (results == kRaise) return lua_error(thread);
  return results;
}

Actor& Call::actor() const { return state().actors->of(thread_); }

Outcome<std::string> Call::text(int index, std::string_view what) const {
  if (!is_text(index)) return wrong_type(thread_, index, what, "a text");
  return to_text(thread_, index);
}

Outcome<std::int64_t> Call::integer(int index, std::string_view what) const {
  int exact = 0;
  const lua_Integer number = lua_tointegerx(thread_, index, &exact);
  if (exact == 0 || is_text(index)) return wrong_type(thread_, index, what, "a whole number");
  return static_cast<std::int64_t>(number);
}

Outcome<std::int64_t> Call::time_ns(int index, std::string_view what) const {
  if (!is_text(index)) return wrong_type(thread_, index, what, "a time as in '10 ms'");
  const Result<std::int64_t> time = parse_time_ns(to_text(thread_, index), what);
  if (!time) return misuse(time.error().text);
  return *time;
}

Outcome<std::int64_t> Call::size_bytes(int index, std::string_view what) const {
  if (!is_text(index)) return integer(index, what);
  const Result<std::int64_t> size = parse_size_bytes(to_text(thread_, index), what);
  if (!size) return misuse(size.error().text);
  return *size;
}

Outcome<Handle> Call::handle(int index, HandleKind kind, std::string_view what) const {
  const Handle* handle = to_handle(thread_, index);
  if (handle == nullptr || handle->kind != kind) {
    return wrong_type(thread_, index, what, sentence("a ", handle_kind_name(kind)));
  }
  return *handle;
}

Outcome<Values> Call::values(int index, std::span<const Parameter> table, std::string_view whose,
                             std::span<const std::string_view> besides) const {
  Values given;
  if (!is_nil(index)) {
    if (!is_table(index)) return wrong_type(thread_, index, whose, "told in a table of options");
    lua_pushnil(thread_);
    while (lua_next(thread_, index) != 0) {
      if (lua_type(thread_, -2) != LUA_TSTRING) {
        return misuse(whose, ": options have names; found a ", luaL_typename(thread_, -2),
                      " in place of one");
      }
      const std::string name = to_text(thread_, -2);
      if (std::find(besides.begin(), besides.end(), name) == besides.end()) {
        const Outcome<Value> value = to_value(thread_, sentence(whose, ": '", name, "'"));
        if (!value) return hand_on(value);
        given.set(name, *value);
      }
      lua_pop(thread_, 1);
    }
  }
  if (const auto read = read_units(given, table, whose); !read) return hand_on(read);
  const Result<Values> complete = resolve(table, given, whose);
  if (!complete) return misuse(complete.error().text);
  return *complete;
}

int Call::field(int index, std::string_view name) const {
  lua_pushlstring(thread_, name.data(), name.size());
  lua_rawget(thread_, index);
  return lua_gettop(thread_);
}

int Call::give(std::string_view text) const {
  lua_pushlstring(thread_, text.data(), text.size());
  return 1;
}

int Call::give(std::int64_t number) const {
  lua_pushinteger(thread_, number);
  return 1;
}

int Call::give(bool truth) const {
  lua_pushboolean(thread_, truth ? 1 : 0);
  return 1;
}

int Call::give(const Handle& handle) const {
  push_handle(thread_, handle);
  return 1;
}

int Call::give(const std::vector<std::string>& texts) const {
  lua_createtable(thread_, static_cast<int>(texts.size()), 0);
  lua_Integer place = 0;
  for (const std::string& text : texts) {
    give(text);
    lua_rawseti(thread_, -2, ++place);
  }
  return 1;
}

namespace {

void set_functions(lua_State* thread, std::span<const Binding> bindings) {
  for (const Binding& binding : bindings) {
    lua_pushcfunction(thread, binding.function);
    lua_setfield(thread, -2, binding.name);
  }
}

// __index of a strict table: (table, name). The upvalue is whose name it is.
Answer unknown_name(Call& call) {
  lua_State* thread = call.thread();
  const std::string whose = to_text(thread, lua_upvalueindex(1));
  const std::string name = call.is_text(2) ? to_text(thread, 2) : luaL_typename(thread, 2);
  std::vector<std::string> names;
  lua_pushnil(thread);
  while (lua_next(thread, 1) != 0) {
    lua_pop(thread, 1);
    if (lua_type(thread, -1) == LUA_TSTRING) names.push_back(to_text(thread, -1));
  }
  std::sort(names.begin(), names.end());
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  const std::string_view near = nearest(name, candidates);
  if (near.empty()) return misuse(whose, " '", name, "'");
  return misuse(whose, " '", name, "'; did you mean '", near, "'?");
}

}  // namespace

void make_strict(lua_State* thread, const char* whose) {
  lua_createtable(thread, 0, 2);
  lua_pushstring(thread, whose);
  lua_pushcclosure(thread, &lua_function<&unknown_name>, 1);
  lua_setfield(thread, -2, "__index");
  lua_pushboolean(thread, 0);
  lua_setfield(thread, -2, "__metatable");
  lua_setmetatable(thread, -2);
}

void bind_globals(lua_State* thread, std::span<const Binding> bindings) {
  lua_pushglobaltable(thread);
  set_functions(thread, bindings);
  lua_pop(thread, 1);
}

void bind_table(lua_State* thread, const char* global, std::span<const Binding> bindings) {
  lua_newtable(thread);
  set_functions(thread, bindings);
  make_strict(thread, sentence(global, " has no").c_str());
  lua_setglobal(thread, global);
}

void bind_methods(lua_State* thread, HandleKind kind, std::span<const Binding> bindings) {
  push_methods(thread, kind);
  set_functions(thread, bindings);
  make_strict(thread, sentence("a ", handle_kind_name(kind), " has no").c_str());
  lua_pop(thread, 1);
}

}  // namespace biotope::runtime
