#include "classes/mirror/move.h"

#include <algorithm>
#include <utility>

#include "model/reply.h"

namespace biotope::mirror {

namespace {

// Null when nobody has it open who is to stay.
const Consumer* user_of(const Provider& provider) {
  for (const Consumer& edge : provider.consumers()) {
    if (!edge.access().closed() && !edge.leaving() && !edge.geom().withering()) return &edge;
  }
  return nullptr;
}

}  // namespace

Move::Move(Mesh& mesh, std::string from, std::string to)
    : mesh_(mesh),
      from_(std::move(from)),
      to_(std::move(to)),
      name_("move-of-" + from_),
      later_(mesh.executor()) {
  mesh_.facts().add(*this);
}

Move::~Move() { mesh_.facts().remove(*this); }

// Whoever had to wait stands on one of the three by then.
void Move::on_fact(const Fact& fact) {
  if (fact.kind != FactKind::resumed || fact.provider == nullptr) return;
  const std::string& on = fact.provider->name();
  if (on != from_ && on != to_ && on != "mirror/" + name_) return;
  report_.longest_pause_ns = std::max(report_.longest_pause_ns, fact.duration_ns);
}

Mirror* Move::mirror() const {
  Geom* geom = mesh_.geom_by_id(mirror_id_);
  return geom == nullptr ? nullptr : Mirror::of(*geom);
}

std::int64_t Move::copied_bytes() const {
  const Mirror* between = mirror();
  return step_ == Step::copying && between != nullptr ? between->synced_bytes(to_)
                                                      : report_.copied_bytes;
}

Status Move::in_use() const {
  const Provider* from = mesh_.provider(from_);
  if (from == nullptr || from->error() != 0) return fail(ENOENT, "there is no ", from_);
  if (user_of(*from) != nullptr) return {};
  return fail(ENOTCONN, from_, " can not be moved: nobody has it open; copy it instead");
}

Status Move::fits() const {
  const Provider* from = mesh_.provider(from_);
  const Provider* to = mesh_.provider(to_);
  if (to == nullptr || to->error() != 0) return fail(ENOENT, "there is no ", to_);
  if (to == from) return fail(EINVAL, from_, " can not be moved to itself");
  if (const Consumer* edge = user_of(*to)) {
    return fail(EBUSY, from_, " can not be moved to ", to_, ": it is open to ",
                edge->geom().title());
  }
  if (to->sector_size_bytes() != from->sector_size_bytes() ||
      to->media_size_bytes() < from->media_size_bytes()) {
    return fail(EINVAL, from_, " can not be moved to ", to_, ", which has ", to->media_size_bytes(),
                " bytes in sectors of ", to->sector_size_bytes(), "; it needs ",
                from->media_size_bytes(), " in sectors of ", from->sector_size_bytes());
  }
  return {};
}

void Move::start(Then then) {
  Status fine = in_use();
  if (fine) fine = fits();
  if (!fine) return then(pass_on(fine));
  started_ns_ = mesh_.executor().now_ns();
  job_ = run(std::move(then));
  job_.start();
}

Status Move::abort() {
  if (step_ >= Step::letting_go) {
    return fail(EALREADY, "the move of ", from_, " to ", to_, " can not be undone any more");
  }
  aborted_ = true;
  // A copy under way ends with the disk that it goes to.
  if (Mirror* between = step_ == Step::copying ? mirror() : nullptr) {
    between->remove(to_, [](const Status&) {});
  }
  return {};
}

Task<void> Move::run(Then then) {
  Status done = co_await go();
  step_ = Step::over;
  report_.duration_ns = mesh_.executor().now_ns() - started_ns_;
  Result<Report> result = report_;
  if (!done) result = pass_on(done);
  // Whoever is told may destroy the Move.
  later_.post([then = std::move(then), result = std::move(result)] { then(result); });
}

// As long as the original has not been let go of, the users get it back whatever happens.
Task<Status> Move::go() {
  Status done = co_await put_in();
  if (!done) co_return done;
  if (!aborted_) done = co_await copy();
  if (aborted_) done = fail(ECANCELED, "the move of ", from_, " was called off");
  if (done) {
    step_ = Step::letting_go;
    done = co_await let_go_of(from_);
  }
  if (!done) {
    const Status undone = co_await let_go_of(to_);
    if (!undone) co_return undone;
  }
  const Status out = co_await take_out();
  co_return done ? out : done;
}

Task<Status> Move::put_in() {
  step_ = Step::putting_in;
  Reply<Result<Mirror*>> reply;
  interpose(mesh_, *mesh_.provider(from_), name_, reply.taker());
  const Result<Mirror*> made = co_await reply.answer();
  if (!made) co_return pass_on(made);
  mirror_id_ = (*made)->id();
  co_return Status{};
}

Task<Status> Move::copy() {
  step_ = Step::copying;
  Reply<Status> inserted;
  mirror()->insert(to_, {}, inserted.taker());
  Status done = co_await inserted.answer();
  if (!done) co_return done;
  if (mirror() == nullptr) co_return fail(ENXIO, from_, " was lost while it was being copied");
  Reply<Status> complete;
  mirror()->when_complete(complete.taker());
  done = co_await complete.answer();
  if (done && mirror() != nullptr) {
    report_.copied_bytes = static_cast<std::int64_t>(mirror()->self().media_size_bytes);
  }
  co_return done;
}

// A disk that has been lost, or removed by abort(), is let go of already.
Task<Status> Move::let_go_of(std::string disk) {
  if (mirror() == nullptr) co_return fail(ENXIO, from_, " was lost while it was being moved");
  if (mirror()->member(disk) == nullptr) co_return Status{};
  Reply<Status> removed;
  mirror()->remove(disk, removed.taker());
  Status done = co_await removed.answer();
  if (mirror() != nullptr && mirror()->member(disk) == nullptr) done = Status{};
  co_return done;
}

Task<Status> Move::take_out() {
  step_ = Step::taking_out;
  if (mirror() == nullptr) co_return fail(ENXIO, from_, " was lost while it was being moved");
  Reply<Status> out;
  mesh_.remove(*mirror(), out.taker());
  co_return co_await out.answer();
}

}  // namespace biotope::mirror
