// Leaving with notice: users are asked, then told to finish and close, then the provider goes in good
// order.
#include <coroutine>
#include <optional>

#include "model/mesh.h"

namespace biotope {

namespace {

// Whichever comes first: work that reports here, or the deadline.
struct Race {
  std::optional<Status> outcome;
  bool over = false;
  std::coroutine_handle<> waiting;

  void end(Lifeline& later) {
    // Who has not begun to wait when it is over never will.
    if (std::exchange(over, true) || !waiting) return;
    later.post([this_waiting = waiting] { this_waiting.resume(); });
  }
  // Awaited through a value of its own: g++ 12 copies an awaiter that is an lvalue, and what is noted
  // in the copy is lost.
  struct Finish {
    Race* race;
    bool await_ready() const { return race->over; }
    void await_suspend(std::coroutine_handle<> handle) const { race->waiting = handle; }
    void await_resume() const {}
  };
  Finish finish() { return {this}; }
};

Task<void> run_in(std::shared_ptr<Race> race, Task<Status> work, Lifeline& later) {
  race->outcome = co_await std::move(work);
  race->end(later);
}

}  // namespace

void Mesh::eject(Provider& provider, EjectOptions options, std::function<void(Status)> then) {
  events_.post([this, id = provider.id_, options, then = std::move(then)] {
    return eject_event(id, options, then);
  });
}

Task<Status> Mesh::let_all_go(std::uint64_t provider_id) {
  std::vector<std::uint64_t> users;
  for (const Consumer& user : provider_by_id(provider_id)->consumers_) users.push_back(user.id_);
  for (const std::uint64_t id : users) {
    Consumer* user = consumer_by_id(id);
    if (user == nullptr) continue;
    if (Status done = co_await user->geom().let_go(*user); !done) co_return done;
  }
  co_return Status{};
}

Status Mesh::leave_in_order(Provider& provider) {
  for (const Consumer& user : provider.consumers_) {
    if (user.access_.closed()) continue;
    return fail(EBUSY, provider.name_, " can not leave: ", user.geom().title(), " has it open (",
                user.access_.text(), "); close that first");
  }
  return {};
}

Task<void> Mesh::eject_event(std::uint64_t provider_id, EjectOptions options,
                             std::function<void(Status)> then) {
  const auto report = [&](FactKind kind, const Status& status) {
    Fact fact;
    fact.kind = kind;
    fact.provider = provider_by_id(provider_id);
    fact.geom = fact.provider == nullptr ? nullptr : &fact.provider->geom();
    fact.error = status ? 0 : status.error().code;
    fact.text = status ? std::string_view() : std::string_view(status.error().text);
    facts_.emit(fact);
  };
  Provider* provider = provider_by_id(provider_id);
  if (provider == nullptr || provider->orphaned_) {
    then(fail(ENXIO, "what is gone already can not be ejected"));
    co_return;
  }
  report(FactKind::eject_asked, {});
  Status outcome;
  for (Consumer& user : provider->consumers_) {
    if (outcome) outcome = user.geom().may_let_go(user);
  }
  bool torn = false;
  if (outcome) {
    auto race = std::make_shared<Race>();
    overdue_.remove_if([](const Task<void>& task) { return task.done(); });
    overdue_.push_back(run_in(race, let_all_go(provider_id), later_));
    overdue_.back().start();
    if (options.deadline_ns > 0) {
      later_.after(options.deadline_ns, [this, race] { race->end(later_); });
    }
    co_await race->finish();
    provider = provider_by_id(provider_id);
    torn = !race->outcome && options.on_timeout == OnTimeout::surprise;
    if (race->outcome) {
      outcome = *race->outcome;
    } else if (!torn) {
      outcome = fail(ETIMEDOUT, provider == nullptr ? "a disk" : provider->name_,
                     " can not leave: its users did not let go within ", options.deadline_ns,
                     " ns; wait, or take it by surprise");
    }
  }
  if (provider == nullptr || provider->orphaned_) {
    outcome = fail(ENXIO, "the disk was lost while its users were letting go");
  } else if (outcome && !torn) {
    outcome = leave_in_order(*provider);
  }
  report(outcome ? FactKind::ejected : FactKind::eject_refused, outcome);
  if (outcome) orphan(*provider, ENXIO);
  then(outcome);
}

}  // namespace biotope
