// Leaving with notice: users are asked, then told to finish and close, then the provider goes in
// good order.
#include <coroutine>
#include <optional>

#include "model/mesh.h"

namespace biotope {

// Whichever comes first: work that reports here, the deadline, or a loss that makes it pointless.
struct Mesh::Ejection {
  std::uint64_t provider_id;
  std::optional<Status> outcome = {};
  bool lost = false;
  bool over = false;
  std::coroutine_handle<> waiting = {};

  void end(Lifeline& later) {
    // Who has not begun to wait when it is over never will.
    if (std::exchange(over, true) || !waiting) return;
    later.post([this_waiting = waiting] { this_waiting.resume(); });
  }
  // Awaited through a value of its own: g++ 12 copies an awaiter that is an lvalue, and what is
  // noted in the copy is lost.
  struct Finish {
    Ejection* ejection;
    bool await_ready() const { return ejection->over; }
    void await_suspend(std::coroutine_handle<> handle) const { ejection->waiting = handle; }
    void await_resume() const {}
  };
  Finish finish() { return {this}; }
};

// Whatever its users wait for, nobody needs them to let go any more; and they are to be told of the
// loss, which is an event that can not begin before this one has ended.
void Mesh::end_ejection_of(const Provider& lost) {
  if (!ejection_ || ejection_->provider_id != lost.id_) return;
  ejection_->lost = true;
  ejection_->end(later_);
}

void Mesh::eject(Provider& provider, EjectOptions options, std::function<void(Status)> then) {
  events_.post([this, id = provider.id_, options, then = std::move(then)] {
    return eject_event(id, options, then);
  });
}

Stay::Stay(Geom& geom) : geom_(geom) { ++geom_.stays_; }

Stay::~Stay() {
  if (--geom_.stays_ == 0 && std::exchange(geom_.wash_put_off_, false)) geom_.mesh().wash(geom_);
}

Task<Status> Mesh::let_go(std::uint64_t consumer_id) {
  Consumer* user = consumer_by_id(consumer_id);
  if (user == nullptr) co_return Status{};
  const Stay stay(user->geom());
  co_return co_await user->geom().let_go(*user);
}

Task<void> Mesh::let_all_go(std::shared_ptr<Ejection> ejection) {
  std::vector<std::uint64_t> users;
  for (const Consumer& user : provider_by_id(ejection->provider_id)->consumers_) {
    users.push_back(user.id_);
  }
  Status done;
  for (const std::uint64_t id : users) {
    done = co_await let_go(id);
    if (!done) break;
  }
  ejection->outcome = std::move(done);
  ejection->end(later_);
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
    ejection_ = std::make_shared<Ejection>(Ejection{.provider_id = provider_id});
    const std::shared_ptr<Ejection> ejection = ejection_;
    overdue_.remove_if([](const Task<void>& task) { return task.done(); });
    overdue_.push_back(let_all_go(ejection));
    overdue_.back().start();
    if (options.deadline_ns > 0) {
      later_.after(options.deadline_ns, [this, ejection] { ejection->end(later_); });
    }
    co_await ejection->finish();
    ejection_ = nullptr;
    provider = provider_by_id(provider_id);
    torn = !ejection->outcome && options.on_timeout == OnTimeout::surprise;
    if (ejection->lost || provider == nullptr) {
      outcome = fail(ENXIO, "the disk was lost while its users were letting go");
    } else if (ejection->outcome) {
      outcome = *ejection->outcome;
    } else if (!torn) {
      outcome = fail(ETIMEDOUT, provider->name_, " can not leave: its users did not let go within ",
                     options.deadline_ns, " ns; wait, or take it by surprise");
    }
  }
  if (outcome && !torn) outcome = leave_in_order(*provider);
  report(outcome ? FactKind::ejected : FactKind::eject_refused, outcome);
  if (outcome) orphan(*provider, ENXIO);
  then(outcome);
}

}  // namespace biotope
