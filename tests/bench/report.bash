# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154 # work, rows, rounds, absent, the tables: of the others
#
# From samples to medians, spread and aims: as JSON, and that as a table.

# The samples of a row as {"clone": [1, 2], …}.
samples_json() {
	local file

	for file in "$work/samples/$1"/*; do
		jq --slurp --arg peer "${file##*/}" '{($peer): .}' "$file"
	done | jq --slurp add
}

# Times are kept in microseconds and told in milliseconds.
report_json() {
	local row

	for row in "${rows[@]}"; do
		jq --null-input --arg name "$row" --arg title "${title_of[$row]}" \
			--arg unit "${unit_of[$row]:-ms}" --arg aims "${aims_of[$row]}" \
			--argjson samples "$(samples_json "$row")" '
			def quantile(q): sort | .[((length - 1) * q) | round];
			def scaled: if $unit == "ms" then . / 1000 else . end;
			def holds(op; limit): if op == "<=" then . <= limit else . >= limit end;
			# The ratios of what was measured in the same round.
			def ratio(left; right): [$samples[left], $samples[right]] | transpose |
				map(.[0] / .[1]) | quantile(0.5);
			def judge: split(" ") as [$left, $op, $number, $right] |
				{aim: ([$left, $op, $number] + if $right then ["x", $right] else [] end
					| join(" "))} +
				if $samples[$left] == null or ($right and $samples[$right] == null)
				then {value: null, met: null}
				else (if $right then ratio($left; $right)
					else $samples[$left] | quantile(0.5) end) as $value |
					{$value, met: ($value | holds($op; $number | tonumber))}
				end;
			{$name, $title, $unit,
			 peers: ($samples | map_values(map(scaled) | {
				median: quantile(0.5), q1: quantile(0.25), q3: quantile(0.75),
				min: min, max: max, samples: .})),
			 aims: ($aims | split(";") | map(judge))}'
	done | jq --slurp --arg date "$(date -u +%FT%TZ)" --arg kernel "$(uname -r)" \
		--argjson cpus "$(nproc)" --argjson rounds "$rounds" \
		--argjson absent "$(printf '%s\n' "${absent[@]}" | jq --raw-input . | jq --slurp 'map(select(. != ""))')" \
		'{$date, host: {$kernel, $cpus}, $rounds, $absent, rows: .}'
}

report_table() {
	jq --raw-output '
		def figure: if . >= 100 then round else (. * 10 | round) / 10 end | tostring;
		"\(.rounds) rounds; median [quarter - three quarters]",
		(.absent[] | "not measured: \(.)"),
		(.rows[] |
			"",
			"\(.title), \(.unit)",
			(.peers | to_entries[] | "  \(.key)          "[0:11] +
				"\(.value.median | figure) [\(.value.q1 | figure) - \(.value.q3 | figure)]"),
			(.aims[] | "  aim: \(.aim): " + if .met == null then "not measured"
				elif .met then "met, \(.value * 100 | round / 100)"
				else "missed, \(.value * 100 | round / 100)" end))' "$1"
}
