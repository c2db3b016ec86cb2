-- Lets Debian 12's prosody-modules (2023) have what they expect of a Prosody newer than Debian 12's 0.12: for mod_sasl2 the
-- TLS information of a connection, for mod_sasl2_fast the stream's attributes, times with fractions and a stanza's method,
-- for mod_sasl2_sm another method and enabling and resuming as functions. What is enabled and resumed is Prosody's own mod_smacks. For tests only.

local add_filter = require "util.filters".add_filter;
local remove_filter = require "util.filters".remove_filter;
local errors = require "util.error";

local datetime = require "util.datetime";
local format_datetime = datetime.datetime;
function datetime.datetime(time)
	return format_datetime(time and math.floor(time));
end

local stanza_methods = getmetatable(require "util.stanza".stanza("a")).__index;
function stanza_methods.get_child_attr(self, name, xmlns, attribute)
	local child = self:get_child(name, xmlns);
	return child and child.attr[attribute];
end
function stanza_methods.add_error(self, err)
	local condition = { xmlns = "urn:ietf:params:xml:ns:xmpp-stanzas" };
	return self:tag("error", { type = err.type }):tag(err.condition, condition):up():up();
end

local smacks = module:depends("smacks");

module:hook("stream-features", function (event)
	local conn = event.origin.conn;
	if conn and not conn.ssl_info then
		function conn.ssl_info(self)
			local socket = self:socket();
			return socket.info and socket:info();
		end
	end
	-- mod_sasl2_fast only looks whether there is a name.
	event.stream = event.stream or { from = "somebody@" .. module.host };
end, 100);

-- Runs a handler of mod_smacks and holds back what it sends; returns that, and what sends it on.
local function hold(session, handler, request)
	local held = {};
	local function filter(bytes)
		table.insert(held, bytes);
		return nil;
	end
	add_filter(session, "bytes/out", filter, 1000);
	handler(session, request, request.attr.xmlns);
	remove_filter(session, "bytes/out", filter);
	return held;
end

function smacks.do_enable(session, request)
	local answer = hold(session, smacks.handle_enable, request)[1];
	if not answer:find("^<enabled") then
		return nil, errors.new({ type = "cancel", condition = "unexpected-request" });
	end
	return {
		type = "enabled";
		id = session.resumption_token;
		resume_max = answer:match("max='(%d+)'");
		finish = function () end;
	};
end

function smacks.do_resume(session, request)
	local held = hold(session, smacks.handle_resume, request);
	if not held[1]:find("^<resumed") then
		local h = tonumber(held[1]:match("h='(%d+)'"));
		return nil, errors.new({ type = "cancel", condition = "item-not-found" }, { h = h });
	end
	local resumed = prosody.full_sessions[session.username .. "@" .. session.host .. "/" .. (function ()
		for resource, other in pairs(prosody.hosts[session.host].sessions[session.username].sessions) do
			if other.resumption_token == request.attr.previd then return resource; end
		end
	end)()];
	for _, name in ipairs({ "sasl_handler", "client_id", "fast_token_request", "sasl2_bind_request" }) do
		resumed[name] = session[name];
	end
	return {
		type = "resumed";
		id = request.attr.previd;
		session = resumed;
		finish = function ()
			for i = 2, #held do resumed.rawsend(held[i]); end
		end;
	};
end
