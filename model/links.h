#pragma once

#include <boost/intrusive/list.hpp>

namespace biotope {

class Class;
class Consumer;
class Geom;
class Mesh;
class Provider;

// How the objects of the mesh hang together: each is linked into its owner's list, in the order of
// creation, and can be taken out in constant time.
struct ByMesh;
struct ByGeom;
struct ByProvider;

template <class Tag>
using Link = boost::intrusive::list_base_hook<boost::intrusive::tag<Tag>>;
template <class T, class Tag>
using LinkedList = boost::intrusive::list<T, boost::intrusive::base_hook<Link<Tag>>>;

}  // namespace biotope
