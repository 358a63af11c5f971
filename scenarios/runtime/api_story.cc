#include "scenarios/runtime/api.h"
#include "scenarios/runtime/call.h"
#include "scenarios/runtime/scratch_folder.h"
#include "scenarios/runtime/world.h"

// What makes the report: title, steps, notes and expectations.

namespace biotope::runtime {

namespace {

// Where what use() has given is kept, by name.
constexpr const char* kUsed = "biotope.used";

Answer title(Call& call) {
  const auto text = call.text(1, "title: the text");
  if (!text) return hand_on(text);
  call.world().story().set_title(*text);
  return 0;
}

Answer step(Call& call) {
  const auto name = call.text(1, "step: the title");
  if (!name) return hand_on(name);
  const auto text = call.is_nil(2) ? std::string() : call.text(2, "step: the text");
  if (!text) return hand_on(text);
  viz::Story& story = call.world().story();
  story.step(*name, *text);
  if (call.world().options().tell) {
    call.world().options().tell(
        sentence(story.step_count() < 10 ? " " : "", story.step_count(), ". ", *name));
  }
  return 0;
}

// The arguments as texts, as print shows them. tostring() is called by call_tostring() before.
Answer note(Call& call) {
  std::string line;
  for (int i = 1; i <= call.count(); ++i) {
    const auto text = call.text(i, "log: a value's tostring()");
    if (!text) return hand_on(text);
    line += sentence(i > 1 ? " " : "", *text);
  }
  call.world().note("", line);
  return 0;
}

// log(...): tostring may call the script, so that is done outside of any C++ frame with objects.
int log(lua_State* thread) {
  const int count = lua_gettop(thread);
  for (int i = 1; i <= count; ++i) {
    lua_getfield(thread, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    lua_getfield(thread, -1, LUA_GNAME);
    lua_getfield(thread, -1, "tostring");
    lua_pushvalue(thread, i);
    lua_call(thread, 1, 1);
    lua_replace(thread, i);
    lua_settop(thread, count);
  }
  return lua_function<&note>(thread);
}

tl::unexpected<Failure> unmet(Call& call, std::string text) {
  Failure failure;
  failure.kind = FailureKind::expectation;
  failure.text = std::move(text);
  failure.where = where(call.thread(), 0);
  call.world().found(failure);
  return tl::unexpected<Failure>(std::move(failure));
}

Answer expect(Call& call) {
  const auto text = call.text(2, "expect: what is expected");
  if (!text) return hand_on(text);
  if (lua_toboolean(call.thread(), 1) == 0) {
    return unmet(call, sentence("this was expected and is not so: ", *text));
  }
  ++call.world().met_expectations;
  call.world().note("as expected", *text);
  lua_settop(call.thread(), 1);
  return 1;
}

// On the stack: the part that the refusal must have, whether the call succeeded, its error.
Answer judge_refusal(Call& call) {
  const auto part = call.text(1, "expect_refused: a part of the refusal");
  if (!part) return hand_on(part);
  if (lua_toboolean(call.thread(), 2) != 0) {
    return unmet(call, sentence("this was to be refused, with '", *part, "', and was not"));
  }
  const std::optional<Failure> failure = to_failure(call.thread(), 3);
  if (!failure || failure->kind != FailureKind::refusal) {
    lua_settop(call.thread(), 3);
    return detail::kRaise;
  }
  if (failure->text.find(*part) == std::string::npos) {
    return unmet(
        call, sentence("this was to be refused with '", *part, "', and was with: ", failure->text));
  }
  ++call.world().met_expectations;
  call.world().note("refused, as expected", failure->text);
  return call.give(failure->text);
}

int after_refusal(lua_State* thread, int status, lua_KContext) {
  const bool succeeded = status == LUA_OK || status == LUA_YIELD;
  if (succeeded) lua_settop(thread, 1);
  lua_pushboolean(thread, succeeded ? 1 : 0);
  lua_insert(thread, 2);
  lua_settop(thread, 3);
  return lua_function<&judge_refusal>(thread);
}

// expect_refused(part, f, ...): f may wait.
int expect_refused(lua_State* thread) {
  luaL_checktype(thread, 1, LUA_TSTRING);
  luaL_checktype(thread, 2, LUA_TFUNCTION);
  const int status = lua_pcallk(thread, lua_gettop(thread) - 2, LUA_MULTRET, 0, 0, &after_refusal);
  return after_refusal(thread, status, 0);
}

// Puts the file on the stack, compiled.
Answer load_beside(Call& call) {
  const auto name = call.text(1, "use: the name");
  if (!name) return hand_on(name);
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyz0123456789-_";
  if (name->empty() || name->find_first_not_of(kPlain) != std::string::npos) {
    return misuse("use: '", *name, "' is no file name without its '.lua'");
  }
  World& world = call.world();
  const std::filesystem::path script = world.options().script;
  const std::string path = (script.parent_path() / (*name + ".lua")).string();
  auto source = read_file(path);
  if (!source) return misuse("use: ", source.error().text);
  const auto loaded = call.state().load(call.thread(), *source, path);
  if (!loaded) return hand_on(loaded);
  world.used.emplace_back(*name + ".lua", std::move(*source));
  return 1;
}

// On the stack: the name, and what the file returns.
int after_use(lua_State* thread, int, lua_KContext) {
  luaL_getsubtable(thread, LUA_REGISTRYINDEX, kUsed);
  lua_pushvalue(thread, 1);
  lua_pushvalue(thread, 2);
  lua_rawset(thread, -3);
  lua_settop(thread, 2);
  return 1;
}

// use(name): the file may wait.
int use(lua_State* thread) {
  luaL_checktype(thread, 1, LUA_TSTRING);
  lua_settop(thread, 1);
  luaL_getsubtable(thread, LUA_REGISTRYINDEX, kUsed);
  lua_pushvalue(thread, 1);
  if (lua_rawget(thread, 2) != LUA_TNIL) return 1;
  lua_settop(thread, 1);
  lua_function<&load_beside>(thread);
  lua_callk(thread, 0, 1, 0, &after_use);
  return after_use(thread, LUA_OK, 0);
}

Answer bad_input(Call& call) {
  const auto text = call.text(1, "bad_input: what can not be played");
  if (!text) return hand_on(text);
  return tl::unexpected<Failure>(Failure{FailureKind::bad_input, 0, *text, {}, {}});
}

constexpr std::string_view kOptions[] = {"media", "seed"};

Answer option(Call& call) {
  const auto name = call.text(1, "option: the name");
  if (!name) return hand_on(name);
  const Options& options = call.world().options();
  if (*name == "seed") return call.give(static_cast<std::int64_t>(options.seed));
  if (*name == "media") {
    if (!options.media.empty()) return call.give(options.media);
    lua_pushnil(call.thread());
    return 1;
  }
  const std::string_view near = nearest(*name, kOptions);
  return misuse(
      "option: there is no option '", *name, "'",
      near.empty() ? "; there are media and seed" : sentence("; did you mean '", near, "'?"));
}

}  // namespace

void bind_story(lua_State* thread) {
  const Binding bindings[] = {
      {"title", &lua_function<&title>},
      {"step", &lua_function<&step>},
      {"log", &log},
      {"print", &log},
      {"expect", &lua_function<&expect>},
      {"expect_refused", &expect_refused},
      {"bad_input", &lua_function<&bad_input>},
      {"option", &lua_function<&option>},
      {"use", &use},
  };
  bind_globals(thread, bindings);
}

void bind_api(lua_State* thread) {
  bind_story(thread);
  bind_time(thread);
  bind_machine(thread);
  bind_drives(thread);
  bind_power(thread);
  bind_mesh(thread);
  bind_surgery(thread);
  bind_labels(thread);
  bind_mirrors(thread);
  bind_arrays(thread);
  bind_parity(thread);
  bind_volumes(thread);
  bind_devices(thread);
  bind_loads(thread);
  bind_media(thread);
}

}  // namespace biotope::runtime
