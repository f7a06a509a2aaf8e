/* SPDX-License-Identifier: GPL-2.0-only */
/* The log's formats, which engines parse. */
#include "runner.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/log.h"

#define TIME "2024-05-06T07:08:09Z"

enum {
	WRITERS = 8,
	RECORDS = 50,
	RECORD_SIZE = 10000,
};

static const struct {
	enum log_format format;
	enum log_level level;
	const char *message;
	const char *record;
} records[] = {
	{LOG_FORMAT_TEXT, LOG_ERROR, "no \"x\"\n",
		"time=\"" TIME "\" level=error msg=\"no \\\"x\\\"\\n\"\n"},
	{LOG_FORMAT_TEXT, LOG_WARNING, "C:\\", "time=\"" TIME "\" level=warning msg=\"C:\\\\\"\n"},
	{LOG_FORMAT_TEXT, LOG_INFO, "\xc3\xa4", "time=\"" TIME "\" level=info msg=\"\xc3\xa4\"\n"},
	{LOG_FORMAT_JSON, LOG_ERROR, "no \"x\"\n",
		"{\"level\":\"error\",\"msg\":\"no \\\"x\\\"\\n\",\"time\":\"" TIME "\"}\n"},
	{LOG_FORMAT_JSON, LOG_INFO, "",
		"{\"level\":\"info\",\"msg\":\"\",\"time\":\"" TIME "\"}\n"},
	{LOG_FORMAT_JSON, LOG_DEBUG, "\xc3\xa4",
		"{\"level\":\"debug\",\"msg\":\"\xc3\xa4\",\"time\":\"" TIME "\"}\n"},
};

TEST(log_record_has_the_form_of_runc)
{
	g_autofree char *record =
		log_format_record(records[_i].format, records[_i].level, TIME, records[_i].message);

	ck_assert_str_eq(record, records[_i].record);
}

/* What a guest says may be in a message: a record stays one line, and valid. */
TEST(log_record_of_any_bytes_is_one_line)
{
	static const enum log_format formats[] = {LOG_FORMAT_TEXT, LOG_FORMAT_JSON};
	g_autofree char *record =
		log_format_record(formats[_i], LOG_ERROR, TIME, "\x01\r\n\x7f\xff\xc3\"\\");

	ck_assert_ptr_eq(strchr(record, '\n'), record + strlen(record) - 1);
	ck_assert_ptr_null(strchr(record, '\r'));
	ck_assert(g_utf8_validate(record, -1, NULL));
	if (formats[_i] == LOG_FORMAT_JSON) {
		g_autoptr(GError) error = NULL;
		g_autoptr(JsonNode) node = json_parse_object(record, strlen(record), &error);

		test_succeeds(node != NULL, error);
	}
}

static char *read_text(const char *path)
{
	char *text = NULL;

	ck_assert(g_file_get_contents(path, &text, NULL, NULL));
	return text;
}

TEST(log_goes_to_both_files)
{
	g_autofree char *file = test_path("log.json"), *global = test_path("global.log");
	g_autofree char *content = NULL, *global_content = NULL, *suffix = NULL;
	struct log_config config = {
		.file = file, .global_file = global, .format = LOG_FORMAT_JSON, .program = "cor"};
	g_autoptr(GError) error = NULL;
	GStatBuf status;

	test_succeeds(log_open(&config, &error), error);
	log_error("first %d", 1);
	log_debug("not wanted");
	log_close();
	content = read_text(file);
	global_content = read_text(global);
	suffix = g_strdup_printf(",\"program\":\"cor\",\"pid\":%d}\n", (int)getpid());
	ck_assert(g_str_has_prefix(content, "{\"level\":\"error\",\"msg\":\"first 1\""));
	ck_assert_ptr_eq(strchr(content, '\n'), content + strlen(content) - 1);
	ck_assert(g_str_has_prefix(global_content, "{\"level\":\"error\",\"msg\":\"first 1\""));
	ck_assert(g_str_has_suffix(global_content, suffix));
	ck_assert_int_eq(g_stat(file, &status), 0);
	ck_assert_int_eq(status.st_mode & 07777, 0600);
}

/* Each writes its records, of all one letter and longer than a page. */
static void write_records(const char *global, char letter)
{
	struct log_config config = {.global_file = global, .program = "cor"};
	g_autofree char *message = g_strnfill(RECORD_SIZE, letter);

	if (!log_open(&config, NULL))
		_exit(1);
	for (int i = 0; i < RECORDS; i++)
		log_info("%s", message);
	log_close();
	_exit(0);
}

TEST(log_records_of_many_programs_are_whole_lines)
{
	g_autofree char *global = test_path("global.log"), *content = NULL;
	g_auto(GStrv) lines = NULL;

	for (int i = 0; i < WRITERS; i++) {
		pid_t pid = fork();

		ck_assert_int_ge(pid, 0);
		if (pid == 0)
			write_records(global, (char)('a' + i));
	}
	for (int i = 0; i < WRITERS; i++) {
		int status;

		ck_assert_int_gt(wait(&status), 0);
		ck_assert_int_eq(status, 0);
	}
	content = read_text(global);
	lines = g_strsplit(content, "\n", -1);
	ck_assert_uint_eq(g_strv_length(lines), WRITERS * RECORDS + 1);
	for (int i = 0; i < WRITERS * RECORDS; i++) {
		const char *message = strstr(lines[i], "msg=\"");

		ck_assert(g_str_has_prefix(lines[i], "cor["));
		ck_assert_ptr_nonnull(message);
		message += strlen("msg=\"");
		ck_assert_uint_eq(strlen(message), RECORD_SIZE + 1);
		for (int j = 0; j < RECORD_SIZE; j++)
			ck_assert_int_eq(message[j], message[0]);
	}
}

TEST(log_is_appended_to)
{
	g_autofree char *file = test_write_file("log", "before\n"), *content = NULL;
	struct log_config config = {.file = file, .debug = TRUE};
	g_autoptr(GError) error = NULL;

	test_succeeds(log_open(&config, &error), error);
	log_debug("after");
	log_close();
	content = read_text(file);
	ck_assert(g_str_has_prefix(content, "before\ntime="));
	ck_assert(g_str_has_suffix(content, "level=debug msg=\"after\"\n"));
}

/* Without a log file: warnings to stderr, errors not (main prints the one error). */
TEST(log_without_a_file_warns_on_stderr)
{
	g_autofree char *file = test_path("stderr"), *content = NULL;
	struct log_config config = {0};
	auto_fd int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	auto_fd int saved = dup(STDERR_FILENO);
	g_autoptr(GError) error = NULL;

	test_succeeds(log_open(&config, &error), error);
	dup2(fd, STDERR_FILENO);
	log_error("an error");
	log_info("an information");
	log_warning("a warning");
	dup2(saved, STDERR_FILENO);
	log_close();
	content = read_text(file);
	ck_assert_ptr_nonnull(strstr(content, "a warning"));
	ck_assert_ptr_null(strstr(content, "an error"));
	ck_assert_ptr_null(strstr(content, "an information"));
}

TEST(log_open_names_the_file)
{
	struct log_config config = {.file = "/nonexistent/log"};
	g_autoptr(GError) error = NULL;

	ck_assert(!log_open(&config, &error));
	test_error_is(
		error, CC_ERROR_NOT_FOUND, "open log /nonexistent/log: No such file or directory");
	log_close();
}

static const struct test tests[] = {
	RUN_EACH(log_record_has_the_form_of_runc, G_N_ELEMENTS(records)),
	RUN_EACH(log_record_of_any_bytes_is_one_line, 2),
	RUN(log_goes_to_both_files),
	RUN(log_records_of_many_programs_are_whole_lines),
	RUN(log_is_appended_to),
	RUN(log_without_a_file_warns_on_stderr),
	RUN(log_open_names_the_file),
};

TEST_MAIN("base-log", tests)
