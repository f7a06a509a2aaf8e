/* SPDX-License-Identifier: GPL-2.0-only */
/* The store of templates: made whole or not at all, checked before use, dropped, trimmed. */
#include "runner.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "vm/snapshot-store.h"

enum {
	RAM_SIZE = 64 << 10,
};

static void put(int fd, const char *text)
{
	ck_assert_int_eq(pwrite(fd, text, strlen(text), 0), (ssize_t)strlen(text));
}

static void make(const char *store, const char *key)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(vm_draft) draft = vm_draft_begin(store, key, RAM_SIZE, &error);

	test_succeeds(draft != NULL, error);
	put(draft->files.ram, "memory");
	put(draft->files.state, "state");
	test_succeeds(vm_draft_commit(draft, json_object_new(), &error), error);
}

/* The attribute is the store's business; a test that changes a file takes it off first. */
static char *file_of(const char *store, const char *key, const char *name)
{
	char *path = g_build_filename(store, key, name, NULL);
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	int flags = 0;

	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0) {
		flags &= ~FS_IMMUTABLE_FL;
		(void)ioctl(fd, FS_IOC_SETFLAGS, &flags);
	}
	return path;
}

static gboolean is_immutable(const char *path)
{
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	int flags = 0;

	return ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0 && (flags & FS_IMMUTABLE_FL);
}

/* What immutable files would keep the runner from removing. */
static void drop(const char *store, const char *key)
{
	g_autoptr(GError) error = NULL;

	test_succeeds(vm_store_drop(store, key, &error), error);
}

static gboolean is_found(const char *store, const char *key, GError **error)
{
	struct vm_snapshot snapshot = VM_SNAPSHOT_INIT;
	gboolean found =
		vm_store_find(store, key, &snapshot, error) && vm_snapshot_verify(&snapshot, error);

	vm_snapshot_clear(&snapshot);
	return found;
}

static guint count(const char *directory)
{
	g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
	guint n = 0;

	while (dir != NULL && g_dir_read_name(dir) != NULL)
		n++;
	return n;
}

TEST(template_is_found_once_it_is_whole)
{
	g_autofree char *store = test_path("store");
	g_autoptr(GError) error = NULL;
	g_autoptr(vm_draft) draft = NULL;
	struct stat status;

	ck_assert(!is_found(store, "k", &error));
	ck_assert(g_error_matches(error, CC_ERROR, CC_ERROR_NOT_FOUND));
	g_clear_error(&error);
	draft = vm_draft_begin(store, "k", RAM_SIZE, &error);
	test_succeeds(draft != NULL, error);
	ck_assert(!is_found(store, "k", NULL));
	test_succeeds(vm_draft_commit(draft, json_object_new(), &error), error);
	test_succeeds(is_found(store, "k", &error), error);
	ck_assert_int_eq(stat(store, &status), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0700);
	ck_assert_uint_eq(count(store), 1);
	drop(store, "k");
	ck_assert_uint_eq(count(store), 0);
}

TEST(draft_that_is_given_up_leaves_nothing)
{
	g_autofree char *store = test_path("store");
	g_autoptr(GError) error = NULL;
	struct vm_draft *draft = vm_draft_begin(store, "k", RAM_SIZE, &error);

	test_succeeds(draft != NULL, error);
	vm_draft_free(draft);
	ck_assert_uint_eq(count(store), 0);
}

TEST(two_makers_make_one)
{
	g_autofree char *store = test_path("store");
	g_autoptr(GError) error = NULL;
	g_autoptr(vm_draft) draft = vm_draft_begin(store, "k", RAM_SIZE, &error);

	test_succeeds(draft != NULL, error);
	ck_assert(!vm_store_wants(store, "k"));
	ck_assert(vm_store_wants(store, "other"));
	ck_assert_ptr_null(vm_draft_begin(store, "k", RAM_SIZE, &error));
	ck_assert(g_error_matches(error, CC_ERROR, CC_ERROR_EXISTS));
	g_clear_error(&error);
	/* The first goes on, and it is the only one. */
	test_succeeds(vm_draft_commit(draft, json_object_new(), &error), error);
	ck_assert_ptr_null(vm_draft_begin(store, "k", RAM_SIZE, &error));
	ck_assert(g_error_matches(error, CC_ERROR, CC_ERROR_EXISTS));
	ck_assert_uint_eq(count(store), 1);
	drop(store, "k");
}

/* What a maker that was killed has left hinders nobody, and goes. */
TEST(remains_of_a_maker_are_taken_over)
{
	g_autofree char *store = test_path("store");
	g_autofree char *remains = test_path("store/k.new");
	g_autofree char *others = test_path("store/old.new");
	g_autofree char *file = NULL;
	g_autoptr(GError) error = NULL;

	ck_assert_int_eq(g_mkdir_with_parents(remains, 0700), 0);
	ck_assert_int_eq(chmod(store, 0700), 0);
	ck_assert_int_eq(mkdir(others, 0700), 0);
	file = test_write_file("store/k.new/ram", "half");
	ck_assert(vm_store_wants(store, "k"));
	make(store, "k");
	test_succeeds(is_found(store, "k", &error), error);
	test_succeeds(vm_store_trim(store, G_MAXUINT64, NULL, &error), error);
	ck_assert_uint_eq(count(store), 1);
	drop(store, "k");
}

static void remove_memory(const char *path)
{
	ck_assert_int_eq(unlink(path), 0);
}

static void truncate_file(const char *path)
{
	ck_assert_int_eq(truncate(path, 1), 0);
}

static void write_file(const char *path)
{
	auto_fd int fd = open(path, O_WRONLY | O_CLOEXEC);

	put(fd, "MEMORY");
}

/* With the time set back: only the checksum tells. */
static void forge_file(const char *path)
{
	struct stat status;
	auto_fd int fd = open(path, O_WRONLY | O_CLOEXEC);

	ck_assert_int_eq(fstat(fd, &status), 0);
	put(fd, "STATE");
	ck_assert_int_eq(futimens(fd, (struct timespec[]){status.st_atim, status.st_mtim}), 0);
}

static void empty_file(const char *path)
{
	ck_assert_int_eq(truncate(path, 0), 0);
}

static const struct {
	const char *name;
	void (*damage)(const char *path);
} damages[] = {
	{"ram", remove_memory},
	{"ram", truncate_file},
	{"ram", write_file},
	{"state", remove_memory},
	{"state", truncate_file},
	{"state", forge_file},
	{"meta.json", remove_memory},
	{"meta.json", empty_file},
};

TEST(damaged_template_is_an_error)
{
	g_autofree char *store = test_path("store");
	g_autofree char *file = NULL;
	g_autoptr(GError) error = NULL;

	make(store, "k");
	file = file_of(store, "k", damages[_i].name);
	damages[_i].damage(file);
	ck_assert(!is_found(store, "k", &error));
	ck_assert(g_error_matches(error, CC_ERROR, CC_ERROR_INVALID));
	drop(store, "k");
	ck_assert_uint_eq(count(store), 0);
}

TEST(store_that_others_can_enter_is_not_used)
{
	g_autofree char *store = test_path("store");
	g_autoptr(GError) error = NULL;

	make(store, "k");
	ck_assert_int_eq(chmod(store, 0750), 0);
	ck_assert(!is_found(store, "k", &error));
	/* INVALID would have it dropped. */
	ck_assert(g_error_matches(error, CC_ERROR, CC_ERROR_FAILED));
	g_clear_error(&error);
	ck_assert_ptr_null(vm_draft_begin(store, "l", RAM_SIZE, &error));
	g_clear_error(&error);
	ck_assert(!vm_store_drop(store, "k", &error));
	ck_assert(!vm_store_wants(store, "l"));
	vm_store_note_failure(store, "l", "why");
	ck_assert_uint_eq(count(store), 1);
	ck_assert_int_eq(chmod(store, 0700), 0);
	ck_assert(is_found(store, "k", NULL));
	drop(store, "k");
}

/* Where the attribute can be had, it is off only while one is being opened. */
TEST(memory_is_sealed_when_the_last_has_opened_it)
{
	g_autofree char *store = test_path("store");
	g_autofree char *ram = test_path("store/k/ram");
	g_autoptr(GError) error = NULL;
	struct vm_snapshot first = VM_SNAPSHOT_INIT;
	struct vm_snapshot second = VM_SNAPSHOT_INIT;
	gboolean can;

	make(store, "k");
	can = is_immutable(ram);
	test_succeeds(vm_store_find(store, "k", &first, &error), error);
	test_succeeds(vm_store_find(store, "k", &second, &error), error);
	ck_assert(!is_immutable(ram));
	vm_snapshot_clear(&first);
	ck_assert(!is_immutable(ram));
	vm_snapshot_clear(&second);
	ck_assert_int_eq(is_immutable(ram), can);
	drop(store, "k");
}

TEST(open_template_outlives_its_removal)
{
	g_autofree char *store = test_path("store");
	g_autoptr(GError) error = NULL;
	struct vm_snapshot snapshot = VM_SNAPSHOT_INIT;
	char data[6];

	make(store, "k");
	test_succeeds(vm_store_find(store, "k", &snapshot, &error), error);
	drop(store, "k");
	ck_assert_int_eq(pread(snapshot.ram, data, sizeof data, 0), sizeof data);
	ck_assert_mem_eq(data, "memory", sizeof data);
	vm_snapshot_clear(&snapshot);
}

TEST(failure_is_not_tried_again_for_a_while)
{
	g_autofree char *store = test_path("store");
	g_autofree char *note = test_path("store/k.bad");
	const struct timespec times[] = {{.tv_sec = 1}, {.tv_sec = 1}};

	make(store, "other");
	ck_assert(vm_store_wants(store, "k"));
	vm_store_note_failure(store, "k", "no space");
	ck_assert(!vm_store_wants(store, "k"));
	ck_assert_int_eq(utimensat(AT_FDCWD, note, times, 0), 0);
	ck_assert(vm_store_wants(store, "k"));
	/* Success makes it forgotten. */
	make(store, "k");
	ck_assert_int_ne(access(note, F_OK), 0);
	drop(store, "k");
	drop(store, "other");
}

static void set_used(const char *store, const char *key, time_t seconds)
{
	g_autofree char *path = g_build_filename(store, key, NULL);
	const struct timespec times[] = {{.tv_sec = seconds}, {.tv_sec = seconds}};

	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

TEST(least_recently_used_goes_first)
{
	g_autofree char *store = test_path("store");
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) entries = NULL;
	guint64 size;

	make(store, "a");
	make(store, "b");
	make(store, "c");
	set_used(store, "a", 100);
	set_used(store, "b", 300);
	set_used(store, "c", 200);
	entries = vm_store_list(store, &error);
	test_succeeds(entries != NULL, error);
	ck_assert_uint_eq(entries->len, 3);
	ck_assert_str_eq(((struct vm_store_entry *)entries->pdata[0])->key, "b");
	size = ((struct vm_store_entry *)entries->pdata[0])->size;
	ck_assert_uint_gt(size, 0);
	test_succeeds(vm_store_trim(store, 2 * size, NULL, &error), error);
	ck_assert(!is_found(store, "a", NULL));
	/* The one that is kept counts, and goes in no case. */
	test_succeeds(vm_store_trim(store, 0, "c", &error), error);
	ck_assert(!is_found(store, "b", NULL));
	test_succeeds(is_found(store, "c", &error), error);
	drop(store, "c");
}

TEST(no_store_holds_no_templates)
{
	g_autofree char *store = test_path("store");
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) entries = vm_store_list(store, &error);

	test_succeeds(entries != NULL, error);
	ck_assert_uint_eq(entries->len, 0);
	test_succeeds(vm_store_drop(store, "k", &error), error);
}

static const struct test tests[] = {
	RUN(template_is_found_once_it_is_whole),
	RUN(draft_that_is_given_up_leaves_nothing),
	RUN(two_makers_make_one),
	RUN(remains_of_a_maker_are_taken_over),
	RUN_EACH(damaged_template_is_an_error, G_N_ELEMENTS(damages)),
	RUN(store_that_others_can_enter_is_not_used),
	RUN(memory_is_sealed_when_the_last_has_opened_it),
	RUN(open_template_outlives_its_removal),
	RUN(failure_is_not_tried_again_for_a_while),
	RUN(least_recently_used_goes_first),
	RUN(no_store_holds_no_templates),
};

TEST_MAIN("vm-store", tests)
