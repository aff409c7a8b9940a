#!/usr/bin/perl
# An SMSC on Net::SMPP: a line of JSON with its address, then a line for each PDU that came.
# Commands to 1332 are answered "OK REFERENCE"; "ESIM ..." with a profile. Numbers that end
# in 3 get their receipt as TLVs, before the response. It ends when its standard input does.
use strict;
use warnings;
use JSON::PP;
use Net::SMPP;

$| = 1;
my $json = JSON::PP->new->canonical;
my $listener = Net::SMPP->new_listen('127.0.0.1', port => 0, smpp_version => 0x34)
    or die "listening: $!";
print $json->encode({ address => '127.0.0.1:' . $listener->sockport }), "\n";
my $count = 0;

sub tell_of {
    my ($pdu, $name) = @_;
    my %seen = (name => $name, sequence => $pdu->{seq}, status => $pdu->{status});
    for my $key (qw(system_id interface_version source_addr destination_addr esm_class
        data_coding registered_delivery short_message message_id sar_msg_ref_num
        sar_total_segments sar_segment_seqnum user_message_reference message_payload)) {
        $seen{$key} = unpack('H*', $pdu->{$key}) if defined $pdu->{$key};
    }
    print $json->encode(\%seen), "\n";
}

sub reply {
    my ($peer, $pdu, $text) = @_;
    $peer->deliver_sm(
        source_addr => $pdu->{destination_addr}, destination_addr => $pdu->{source_addr},
        short_message => $text, data_coding => 0, async => 1);
}

sub receipt {
    my ($peer, $pdu, $id) = @_;
    $peer->deliver_sm(
        source_addr => $pdu->{destination_addr}, destination_addr => $pdu->{source_addr},
        esm_class => 4, short_message => '', receipted_message_id => "$id\0",
        message_state => pack('C', 2), async => 1);
}

sub submit {
    my ($peer, $pdu) = @_;
    my $text = $pdu->{short_message};
    my $id = sprintf 'perl-%d', ++$count;
    my $is_early = $text =~ /3 \S+$/;
    receipt($peer, $pdu, $id) if $is_early;
    $peer->submit_sm_resp(seq => $pdu->{seq}, status => 0, message_id => $id);
    receipt($peer, $pdu, $id) unless $is_early;
    return unless $pdu->{destination_addr} eq '1332' && $text =~ /(\S+)$/;
    my $reference = $1;
    my $code = "LPA:1\x02smdp.perl.example\x02P-$count"; # GSM 7 bit: 0x02 is the dollar.
    reply($peer, $pdu, $text =~ /^ESIM/
        ? sprintf('ESIM %s 89950200000%08d %s', $reference, $count, $code)
        : "OK $reference");
}

my %names = (
    0x00000003 => 'query_sm', 0x00000004 => 'submit_sm', 0x00000006 => 'unbind',
    0x00000009 => 'bind_transceiver', 0x00000015 => 'enquire_link',
    0x80000005 => 'deliver_sm_resp', 0x80000000 => 'generic_nack');
my %takes = (
    submit_sm => \&submit,
    bind_transceiver => sub {
        my ($peer, $pdu) = @_;
        my $fits = $pdu->{system_id} eq 'esimd' && $pdu->{password} eq 'secret';
        $peer->bind_transceiver_resp(
            seq => $pdu->{seq}, status => $fits ? 0 : 0x0E, system_id => 'perl');
    },
    enquire_link => sub { $_[0]->enquire_link_resp(seq => $_[1]{seq}) },
    unbind => sub { $_[0]->unbind_resp(seq => $_[1]{seq}) },
    query_sm => sub {
        $_[0]->query_sm_resp(seq => $_[1]{seq}, message_id => $_[1]{message_id},
            final_date => '', message_state => 2, error_code => 0);
    },
);

sub serve {
    my ($peer) = @_;
    while (my $pdu = $peer->read_pdu) {
        my $name = $names{ $pdu->{cmd} } // sprintf 'unknown %08x', $pdu->{cmd};
        tell_of($pdu, $name);
        $takes{$name}->($peer, $pdu) if $takes{$name};
        return if $name eq 'unbind';
    }
}

while (my $peer = $listener->accept) {
    serve($peer);
    close $peer;
}
