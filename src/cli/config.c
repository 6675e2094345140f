/*
 * tests/agents tries codex, gemini-cli and opencode as they are told here. The others are as their
 * own documentation has them: claude-code 2.1, cline 3.0, goose 1.5, qwen-code 0.24. Where an agent
 * would ask before each call it is told not to, because policy judges the calls and nobody is there
 * to be asked.
 */
#include "cli/config.h"

#include <stddef.h>
#include <string.h>

#define CALL "/run/reeve/bin/reeve-call"
#define SERVERS_OPEN "{\n  \"mcpServers\": {\n"
#define SERVERS_CLOSE "\n  }\n}\n"
#define ENTRY(more) "    \"@NAME@\": { " more " }"
#define COMMAND "\"command\": \"" CALL "\", \"args\": [@WORDS@]"

static const struct config_agent agents[] = {
	{ .name = "codex",
	  .about = "OpenAI Codex CLI",
	  .open = "",
	  .command = "[mcp_servers.\"@NAME@\"]\ncommand = \"" CALL "\"\nargs = [@WORDS@]\n"
		     "default_tools_approval_mode = \"approve\"\n",
	  .url = "[mcp_servers.\"@NAME@\"]\nurl = \"@URL@\"\n"
		 "default_tools_approval_mode = \"approve\"\n",
	  .between = "\n",
	  .close = "",
	  .file = "codex.toml",
	  .place = "~/.codex/config.toml",
	  .start = "sh -c 'mkdir -p ~/.codex && cp codex.toml ~/.codex/config.toml && "
		   "exec codex exec -s danger-full-access --skip-git-repo-check \"$0\"' TASK" },
	{ .name = "gemini-cli",
	  .about = "Gemini CLI",
	  .open = SERVERS_OPEN,
	  .command = ENTRY(COMMAND ", \"trust\": true"),
	  .url = ENTRY("\"httpUrl\": \"@URL@\", \"trust\": true"),
	  .between = ",\n",
	  .close = SERVERS_CLOSE,
	  .file = "gemini.json",
	  .place = "~/.gemini/settings.json",
	  .start = "sh -c 'mkdir -p ~/.gemini && cp gemini.json ~/.gemini/settings.json && "
		   "GEMINI_CLI_TRUST_WORKSPACE=true exec gemini -p \"$0\"' TASK" },
	{ .name = "opencode",
	  .about = "OpenCode",
	  .open = "{\n  \"$schema\": \"https://opencode.ai/config.json\",\n  \"mcp\": {\n",
	  .command = ENTRY("\"type\": \"local\", \"command\": [\"" CALL
			   "\", @WORDS@], \"enabled\": true"),
	  .url = ENTRY("\"type\": \"remote\", \"url\": \"@URL@\", \"enabled\": true"),
	  .between = ",\n",
	  .close = SERVERS_CLOSE,
	  .file = "reeve-opencode.json",
	  .place = "the file that OPENCODE_CONFIG names",
	  .start = "sh -c 'OPENCODE_CONFIG=$PWD/reeve-opencode.json exec opencode run \"$0\"' "
		   "TASK" },
	{ .name = "claude-code",
	  .about = "Claude Code",
	  .open = SERVERS_OPEN,
	  .command = ENTRY("\"type\": \"stdio\", " COMMAND),
	  .url = ENTRY("\"type\": \"http\", \"url\": \"@URL@\""),
	  .between = ",\n",
	  .close = SERVERS_CLOSE,
	  .file = "claude.json",
	  .place = "the file that --mcp-config names",
	  .start = "claude --mcp-config claude.json --strict-mcp-config "
		   "--dangerously-skip-permissions -p TASK" },
	{ .name = "qwen-code",
	  .about = "Qwen Code",
	  .open = SERVERS_OPEN,
	  .command = ENTRY(COMMAND ", \"trust\": true"),
	  .url = ENTRY("\"httpUrl\": \"@URL@\", \"trust\": true"),
	  .between = ",\n",
	  .close = SERVERS_CLOSE,
	  .file = "qwen.json",
	  .place = "~/.qwen/settings.json",
	  .start = "sh -c 'mkdir -p ~/.qwen && cp qwen.json ~/.qwen/settings.json && "
		   "exec qwen -p \"$0\"' TASK" },
	{ .name = "cline",
	  .about = "Cline's command line",
	  .open = SERVERS_OPEN,
	  .command = ENTRY(COMMAND ", \"disabled\": false"),
	  .url = ENTRY("\"type\": \"streamableHttp\", \"url\": \"@URL@\", \"disabled\": false"),
	  .between = ",\n",
	  .close = SERVERS_CLOSE,
	  .file = "cline.json",
	  .place = "the file that CLINE_MCP_SETTINGS_PATH names",
	  .start = "sh -c 'CLINE_MCP_SETTINGS_PATH=$PWD/cline.json exec cline \"$0\"' TASK" },
	{ .name = "goose",
	  .about = "goose",
	  .open = "extensions:\n",
	  .command = "  \"@NAME@\":\n    type: stdio\n    name: \"@NAME@\"\n    enabled: true\n"
		     "    cmd: " CALL
		     "\n    args: [@WORDS@]\n    env_keys: []\n    envs: {}\n    timeout: 300\n",
	  .url = "  \"@NAME@\":\n    type: streamable_http\n    name: \"@NAME@\"\n    enabled: "
		 "true\n"
		 "    uri: \"@URL@\"\n    headers: {}\n    env_keys: []\n    envs: {}\n    "
		 "timeout: 300\n",
	  .between = "",
	  .close = "",
	  .file = "goose.yaml",
	  .place = "the file that GOOSE_ADDITIONAL_CONFIG_FILES names",
	  .start = "sh -c 'GOOSE_ADDITIONAL_CONFIG_FILES=$PWD/goose.yaml exec goose run -t \"$0\"' "
		   "TASK" },
};

const struct config_agent *config_agent_at(unsigned n)
{
	return n < sizeof(agents) / sizeof(agents[0]) ? &agents[n] : NULL;
}

static bool put_words(struct buf *out, const char *server)
{
	return server ? buf_printf(out, "\"mcp\", \"%s\"", server) : buf_puts(out, "\"mcp\"");
}

/* Names are text_is_name() and addresses were looked at: nothing in them needs to be escaped. */
bool config_entry(struct buf *out, const struct config_agent *a, const char *server,
		  const char *url)
{
	const char *text = url ? a->url : a->command, *mark;

	for (; (mark = strchr(text, '@')); text = strchr(mark + 1, '@') + 1) {
		buf_add(out, text, (size_t)(mark - text));
		if (strncmp(mark, "@WORDS@", 7) == 0)
			put_words(out, server);
		else if (strncmp(mark, "@URL@", 5) == 0)
			buf_puts(out, url);
		else
			buf_puts(out, server ? server : "reeve");
	}
	return buf_puts(out, text);
}
