#include "scenarios/runtime/lua_state.h"

#include <algorithm>
#include <cstdlib>

#include "model/check.h"
#include "viz/words.h"

namespace biotope::runtime {

namespace {

constexpr char kFailureType[] = "biotope.failure";
// How many instructions pass between two looks at the budget.
constexpr std::int64_t kInterval = 1'000;
// Making and clearing memory takes time that no instruction shows.
constexpr std::int64_t kBytesPerInstruction = 64;

int panic(lua_State*) {
  BIOTOPE_CHECK(false, "Lua raised an error where nothing catches it");
  return 0;
}

void set_text(lua_State* thread, const char* field, std::string_view text) {
  lua_pushstring(thread, field);
  lua_pushlstring(thread, text.data(), text.size());
  lua_rawset(thread, -3);
}

std::string text_of(lua_State* thread, int index, const char* field) {
  lua_pushstring(thread, field);
  lua_rawget(thread, index < 0 ? index - 1 : index);
  std::size_t length = 0;
  const char* text = lua_type(thread, -1) == LUA_TSTRING ? lua_tolstring(thread, -1, &length) : "";
  std::string copy(text, length);
  lua_pop(thread, 1);
  return copy;
}

// A plain error value: a text with its place in front, or anything a script chose to raise.
Failure plain_failure(lua_State* thread) {
  Failure failure;
  std::size_t length = 0;
  switch (lua_type(thread, -1)) {
    case LUA_TSTRING:
    case LUA_TNUMBER: {
      const char* text = lua_tolstring(thread, -1, &length);
      failure.text.assign(text, length);
      break;
    }
    default:
      failure.text =
          sentence("the script raised an error that is no text but a ", luaL_typename(thread, -1));
  }
  return failure;
}

int failure_text(lua_State* thread) {
  lua_getfield(thread, 1, "text");
  return 1;
}

}  // namespace

LuaState::LuaState(Limits limits)
    : limits_(limits),
      hook_interval_(
          static_cast<int>(std::clamp<std::int64_t>(limits.instructions, 1, kInterval))) {
  main_ = lua_newstate(&LuaState::allocate, this);
  BIOTOPE_CHECK(main_ != nullptr, "there is no memory for a Lua state");
  lua_atpanic(main_, &panic);
  *static_cast<LuaState**>(lua_getextraspace(main_)) = this;
  lua_sethook(main_, &LuaState::on_count, LUA_MASKCOUNT, hook_interval_);
  luaL_newmetatable(main_, kFailureType);
  lua_pushcfunction(main_, &failure_text);
  lua_setfield(main_, -2, "__tostring");
  lua_pushliteral(main_, "failure");
  lua_setfield(main_, -2, "__metatable");
  lua_pop(main_, 1);
}

LuaState::~LuaState() { lua_close(main_); }

LuaState& LuaState::of(lua_State* thread) {
  return **static_cast<LuaState**>(lua_getextraspace(thread));
}

void* LuaState::allocate(void* state, void* block, std::size_t old_bytes, std::size_t new_bytes) {
  auto& self = *static_cast<LuaState*>(state);
  const auto before = block == nullptr ? 0 : static_cast<std::int64_t>(old_bytes);
  const auto after = static_cast<std::int64_t>(new_bytes);
  if (new_bytes == 0) {
    std::free(block);
    self.used_memory_bytes_ -= before;
    return nullptr;
  }
  const bool grows = after > before;
  if (grows && self.refuses_memory_ &&
      after - before > self.limits_.memory_bytes - self.used_memory_bytes_) {
    return nullptr;
  }
  void* moved = std::realloc(block, new_bytes);
  if (moved == nullptr) return nullptr;
  self.used_memory_bytes_ += after - before;
  self.used_instructions_ += after / kBytesPerInstruction;
  return moved;
}

void LuaState::push_time_out(lua_State* thread) {
  const Lease lease(*this);
  if (exhausted_at_.empty()) exhausted_at_ = where(thread, 0);
  push_failure(thread, time_out());
}

int raise_time_out(lua_State* thread) {
  // A script that catches this error is to meet it again at once.
  lua_sethook(thread, &LuaState::on_count, LUA_MASKCOUNT, 1);
  LuaState::of(thread).push_time_out(thread);
  return lua_error(thread);
}

void LuaState::on_count(lua_State* thread, lua_Debug*) {
  LuaState& self = of(thread);
  self.charge(self.hook_interval_);
  if (self.exhausted()) raise_time_out(thread);
}

Failure LuaState::time_out() const {
  Failure failure;
  failure.kind = FailureKind::time_out;
  failure.where = exhausted_at_;
  failure.text =
      sentence("the script did not end within ", limits_.instructions,
               " instructions; if it only needs longer, say --instructions ",
               limits_.instructions > INT64_MAX / 10 ? INT64_MAX : limits_.instructions * 10);
  return failure;
}

Outcome<void> LuaState::load(lua_State* thread, std::string_view source, const std::string& name) {
  const std::string chunk_name = sentence('@', name);
  refuses_memory_ = true;
  const int status =
      luaL_loadbufferx(thread, source.data(), source.size(), chunk_name.c_str(), "t");
  refuses_memory_ = false;
  if (status == LUA_OK) return {};
  Failure failure = plain_failure(thread);
  lua_pop(thread, 1);
  if (status == LUA_ERRMEM) failure.text = "does not fit into memory";
  if (failure.text.find(name) != 0) failure.text = sentence(name, ": ", failure.text);
  return tl::unexpected<Failure>(std::move(failure));
}

LuaState::Progress LuaState::resume(lua_State* thread, int arguments) {
  int results = 0;
  refuses_memory_ = true;
  const int status = lua_resume(thread, nullptr, arguments, &results);
  refuses_memory_ = false;
  if (status == LUA_YIELD) {
    lua_pop(thread, results);
    return Progress::waiting;
  }
  return status == LUA_OK ? Progress::finished : Progress::failed;
}

Failure LuaState::failure_of(lua_State* thread) {
  if (exhausted()) return time_out();
  const bool out_of_memory = lua_status(thread) == LUA_ERRMEM;
  std::optional<Failure> told = to_failure(thread, -1);
  Failure failure = told ? std::move(*told) : plain_failure(thread);
  if (out_of_memory) {
    failure.where = where(thread, 0);
    failure.text = sentence("the script needs more than the ", viz::size_text(limits_.memory_bytes),
                            " of memory that it may have");
  }
  luaL_traceback(main_, thread, nullptr, 0);
  failure.traceback = lua_tostring(main_, -1);
  lua_pop(main_, 1);
  return failure;
}

void push_failure(lua_State* thread, const Failure& failure) {
  lua_createtable(thread, 2, 3);
  lua_pushinteger(thread, static_cast<lua_Integer>(failure.kind));
  lua_rawseti(thread, -2, 1);
  lua_pushinteger(thread, failure.code);
  lua_rawseti(thread, -2, 2);
  set_text(thread, "text", failure.text);
  set_text(thread, "where", failure.where);
  set_text(thread, "code", failure.code == 0 ? "" : viz::error_name(failure.code));
  luaL_setmetatable(thread, kFailureType);
}

std::optional<Failure> to_failure(lua_State* thread, int index) {
  if (lua_type(thread, index) != LUA_TTABLE || lua_getmetatable(thread, index) == 0) return {};
  luaL_getmetatable(thread, kFailureType);
  const bool same = lua_rawequal(thread, -1, -2) != 0;
  lua_pop(thread, 2);
  if (!same) return {};
  lua_pushvalue(thread, index);
  Failure failure;
  lua_rawgeti(thread, -1, 1);
  // A script may have written into the table; it fools only itself.
  const lua_Integer kind = lua_tointeger(thread, -1);
  const bool known = kind >= 0 && kind <= static_cast<lua_Integer>(FailureKind::bug);
  failure.kind = known ? static_cast<FailureKind>(kind) : FailureKind::script;
  lua_rawgeti(thread, -2, 2);
  failure.code = static_cast<int>(lua_tointeger(thread, -1));
  lua_pop(thread, 2);
  failure.text = text_of(thread, -1, "text");
  failure.where = text_of(thread, -1, "where");
  lua_pop(thread, 1);
  return failure;
}

std::string where(lua_State* thread, int level) {
  lua_Debug at{};
  for (; lua_getstack(thread, level, &at) != 0; ++level) {
    lua_getinfo(thread, "Sl", &at);
    if (at.currentline > 0) return sentence(at.short_src, ':', at.currentline);
  }
  return {};
}

}  // namespace biotope::runtime
