// The C++ run-time: exceptions with unwinding, RTTI, virtual calls, std::string, std::map, std::sort, static destructors.
#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

struct Trace {
    std::string name;
    explicit Trace(std::string n) : name(std::move(n)) { std::printf("+%s ", name.c_str()); }
    ~Trace() { std::printf("-%s ", name.c_str()); }
    Trace(const Trace &) = delete;
    Trace &operator=(const Trace &) = delete;
};

struct Shape {
    virtual ~Shape() = default;
    virtual int area() const = 0;
};
struct Square final : Shape {
    int side;
    explicit Square(int s) : side(s) {}
    int area() const override { return side * side; }
};
struct Box : Shape {
    int width, height;
    Box(int w, int h) : width(w), height(h) {}
    int area() const override { return width * height; }
};

struct Deep : std::runtime_error {
    int level;
    explicit Deep(int l) : std::runtime_error("deep " + std::to_string(l)), level(l) {}
};

int descend(int level, int stop)
{
    Trace here("f" + std::to_string(level));
    if (level == stop)
        throw Deep(level);
    return descend(level + 1, stop) + 1;
}

void exceptions()
{
    for (int stop : {0, 3}) {
        try {
            descend(0, stop);
        } catch (const std::logic_error &) {
            std::puts("wrong handler");
        } catch (const std::runtime_error &error) {
            std::printf("caught %s\n", error.what());
        }
    }
    try {
        try {
            throw std::string("rethrown");
        } catch (...) {
            throw;
        }
    } catch (const std::string &text) {
        std::printf("%s\n", text.c_str());
    }
    try {
        std::vector<int>(3).at(5) = 1;
    } catch (const std::out_of_range &) {
        std::puts("out of range");
    }
    try {
        std::unique_ptr<Shape> shape = std::make_unique<Square>(2);
        (void)dynamic_cast<Box &>(*shape);
    } catch (const std::bad_cast &error) {
        std::puts(error.what());
    }
    int caught = 0;
    for (int i = 0; i < 2000; i++) {
        try {
            if (i % 3)
                throw i;
            throw static_cast<long>(i);
        } catch (int) {
            caught += 1;
        } catch (long) {
            caught += 100;
        }
    }
    std::printf("%d\n", caught);
}

void containers()
{
    std::map<std::string, std::vector<int>> index;
    const char *const words[] = {"map", "page", "fault", "page", "signal", "map", "page", "clock"};
    int position = 0;
    for (const char *word : words)
        index[word].push_back(position++);
    for (const auto &[word, positions] : index) {
        std::string line = word + std::string(8 - word.size(), '.');
        for (int p : positions)
            line += " " + std::to_string(p);
        std::puts(line.c_str());
    }

    std::vector<unsigned> numbers;
    unsigned state = 12345;
    for (int i = 0; i < 5000; i++)
        numbers.push_back(state = state * 1103515245 + 12345);
    std::sort(numbers.begin(), numbers.end(), std::greater<>());
    unsigned checksum = 0;
    for (unsigned n : numbers)
        checksum = checksum * 31 + n;
    std::printf("sorted %d, checksum %u\n", std::is_sorted(numbers.rbegin(), numbers.rend()), checksum);

    std::vector<std::unique_ptr<Shape>> shapes;
    for (int i = 1; i <= 4; i++)
        if (i % 2)
            shapes.push_back(std::make_unique<Square>(i));
        else
            shapes.push_back(std::make_unique<Box>(i, i + 1));
    int total = 0;
    std::function<void(const Shape &)> visit = [&](const Shape &shape) { total = total * 100 + shape.area(); };
    for (const auto &shape : shapes)
        visit(*shape);
    std::printf("areas %d\n", total);
}

Trace global("global");

}  // namespace

int main()
{
    std::puts("");
    exceptions();
    containers();
    static Trace local("static");
    std::puts("");
    return 0;
}
